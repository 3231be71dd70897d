import Images
import Planning
import Provisioning
import TopologyModel

/// Slipway's storage pool and the names of what lies in it. https://libvirt.org/formatstorage.html
///
/// The pool is Slipway's alone, known by its UUID. A node's volumes have its domain's name; an image's files have their
/// digest's, and once they are whole an empty volume beside them says so, since volumes cannot be renamed.
enum Volumes {
    static let pool = "slipway"
    static let poolPath = "/var/lib/libvirt/images/slipway"

    static func poolXML(path: String) -> String {
        XMLElement(
            "pool",
            ["type": "dir"],
            children: [
                XMLElement("name", text: pool),
                XMLElement("uuid", text: Identity.poolUUID),
                XMLElement(
                    "target",
                    children: [
                        XMLElement("path", text: path),
                        XMLElement("permissions", children: [XMLElement("mode", text: "0711")]),
                    ],
                ),
            ],
        ).rendered()
    }

    // MARK: Names

    /// Volumes of a node.
    enum Kind: String, CaseIterable {
        case disk = "disk.qcow2"
        case config = "seed.iso"
        case ignition = "config.ign"
        case console = "console.log"
        /// Older part of the console's log, moved there by libvirt's log daemon.
        case console0 = "console.log.0"
        case console1 = "console.log.1"
        case console2 = "console.log.2"
    }

    static func name(_ kind: Kind, of node: NodeReference) -> String { "\(node.domainName).\(kind.rawValue)" }

    /// Returns the kind of volume that has a node's configuration.
    static func configKind(of node: NodePlan) -> Kind { node.configMedium.bringsNodePrograms ? .config : .ignition }

    /// The node that a volume is of; nil for a volume that is no node's.
    static func node(ofVolume name: String) -> (node: NodeReference, kind: Kind)? {
        for kind in Kind.allCases where name.hasSuffix(".\(kind.rawValue)") {
            let parts = name.dropLast(kind.rawValue.count + 1).split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, NodeName(String(parts[1])) != nil else { continue }
            return (NodeReference(cluster: String(parts[0]), name: String(parts[1]), runtime: .vm), kind)
        }
        return nil
    }

    private static let imagePrefix = "image-"
    private static let wholeSuffix = ".whole"

    static func name(ofImage file: ImageFile) -> String { "\(imagePrefix)\(file.digest).\(file.format.rawValue)" }

    /// The volume that says that an image's volume is whole.
    static func mark(ofImage name: String) -> String { name + wholeSuffix }

    /// Returns whether a name is an image's, or its mark's.
    static func isImage(_ name: String) -> Bool {
        guard name.hasPrefix(imagePrefix) else { return false }
        let digest = name.dropFirst(imagePrefix.count).prefix { $0 != "." }
        return digest.utf8.count == 64 && digest.allSatisfy(\.isHexDigit)
    }

    // MARK: XML

    /// A volume to be filled.
    static func rawXML(_ name: String, capacity: UInt64, format: ImageFile.Format = .raw, mode: String) -> String {
        document(
            name,
            capacity: capacity,
            children: [
                XMLElement(
                    "target",
                    children: [
                        XMLElement("format", ["type": format.rawValue]),
                        XMLElement("permissions", children: [XMLElement("mode", text: mode)]),
                    ],
                )
            ],
        )
    }

    /// A node's disk: an overlay of its own over a shared image that is never written.
    static func overlayXML(_ name: String, capacity: UInt64, over path: String, format: ImageFile.Format) -> String {
        document(
            name,
            capacity: capacity,
            children: [
                XMLElement(
                    "target",
                    children: [
                        XMLElement("format", ["type": "qcow2"]),
                        XMLElement("permissions", children: [XMLElement("mode", text: "0600")]),
                    ],
                ),
                XMLElement(
                    "backingStore",
                    children: [XMLElement("path", text: path), XMLElement("format", ["type": format.rawValue])],
                ),
            ],
        )
    }

    private static func document(_ name: String, capacity: UInt64, children: [XMLElement]) -> String {
        XMLElement(
            "volume",
            children: [
                XMLElement("name", text: name),
                XMLElement("capacity", ["unit": "bytes"], text: "\(capacity)"),
                XMLElement("allocation", ["unit": "bytes"], text: "0"),
            ] + children,
        ).rendered()
    }
}
