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

    /// Origin of an image.
    package enum Source: Sendable, Hashable {
        /// A name in this host's store of images.
        case name(String)
        case url(String)
        case file(String)
    }

    /// A detached OpenPGP signature, and the file with the keys that may have signed.
    package struct Signature: Sendable, Hashable {
        /// Signature file's address or path.
        package var source: String
        /// Path of the public key.
        package var key: String

        package init(source: String, key: String) {
            self.source = source
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
        case .name(let text), .url(let text), .file(let text): text
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
