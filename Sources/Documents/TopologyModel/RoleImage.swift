import Diagnostics

/// A disk image that someone else made, as a role asks for it.
package struct RoleImage: Sendable, Hashable {
    /// Program that the image's system is configured by.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Canonical's cloud-init: Debian's, Ubuntu's and most other cloud images.
        case cloudInit = "cloud-init"
        /// Ignition, as Flatcar reads it.
        case flatcar
        /// Ignition, as Fedora CoreOS reads it.
        case fedoraCoreOS = "fedora-coreos"
    }

    /// Where an image is had from.
    package enum Source: Sendable, Hashable {
        /// A name in this host's store of images.
        case name(String)
        case origin(ImageOrigin)
    }

    /// A detached OpenPGP signature, and the file with the keys that may have signed.
    package struct Signature: Sendable, Hashable {
        /// Address of the signature's file.
        package var origin: ImageOrigin
        /// Path of the public key.
        package var key: String

        package init(origin: ImageOrigin, key: String) {
            self.origin = origin
            self.key = key
        }
    }

    /// Kind of system on the image.
    package var kind: Kind
    /// Origin of the image.
    package var source: Source
    /// Checksum to compare; nil for none.
    package var checksum: ImageChecksum?
    /// Signature to verify; nil for none.
    package var signature: Signature?

    package init(
        kind: Kind = .cloudInit,
        source: Source,
        checksum: ImageChecksum? = nil,
        signature: Signature? = nil,
    ) {
        self.kind = kind
        self.source = source
        self.checksum = checksum
        self.signature = signature
    }

    /// As the file has it, for people.
    package var words: String {
        switch source {
        case .name(let name): name
        case .origin(let origin): "\(origin)"
        }
    }
}

/// Address of an image or of its signature.
package enum ImageOrigin: Sendable, Hashable, CustomStringConvertible {
    case url(String)
    case file(String)

    /// A URL where the text starts like one, else a path.
    package init(_ text: String) {
        let scheme = text.prefix { $0 != ":" }.lowercased()
        self = ["http", "https"].contains(scheme) && text.contains("://") ? .url(text) : .file(text)
    }

    package var description: String {
        switch self {
        case .url(let text), .file(let text): text
        }
    }
}

extension Topology {
    /// Roles that ask of their image what it cannot do.
    package func imageFindings() -> [Diagnostic] {
        roles.compactMap { role in
            guard let image = role.image else { return nil }
            if role.runtime != .vm || role.choosesRuntime {
                return .error(
                    "role \"\(role.name)\" has an image of its own, which only a virtual machine can run",
                    at: role.location,
                    notes: ["write `runtime: vm`"],
                )
            }
            if image.kind != .cloudInit, role.etcd == .proxy || role.etcd == .readonly {
                return .error(
                    "role \"\(role.name)\" asks for an etcd proxy, and a node of kind \(image.kind.rawValue) has none",
                    at: role.location,
                    notes: ["write `etcd: none`, or `etcd: member`"],
                )
            }
            return nil
        }
    }
}
