import Images
import Planning
import Provisioning
import TopologyModel

/// A container node's domain. https://libvirt.org/drvlxc.html, https://libvirt.org/formatdomain.html
struct DomainXML: DomainDefinition {
    let node: NodePlan
    let image: NodeImagePaths
    /// The node's own directory on the host.
    let directory: String
    /// The host's image store.
    let images: String
    let dialect: DriverDialect

    func document(metadata: NodeRecord?) -> XMLElement {
        XMLElement(
            "domain",
            ["type": dialect.domainType(nil)],
            children: [
                XMLElement("name", text: node.domainName),
                XMLElement("uuid", text: node.uuid),
                metadata.map { XMLElement("metadata", children: [$0.element(qualified: true)]) },
                XMLElement("memory", ["unit": "MiB"], text: String(node.resources.memoryMiB)),
                XMLElement("vcpu", text: String(node.resources.cpus)),
                system,
                // Without its own network name space a node would have the host's; without these capabilities docker
                // cannot run containers in it.
                XMLElement(
                    "features",
                    children: [XMLElement("privnet"), XMLElement("capabilities", ["policy": "allow"])],
                ),
                XMLElement("on_poweroff", text: "destroy"),
                XMLElement("on_reboot", text: "restart"),
                XMLElement("on_crash", text: "destroy"),
                devices,
            ],
        )
    }

    private var system: XMLElement {
        let initialProgram = dialect.isSimulated ? nil : XMLElement("init", text: NodeContract.initPath)
        return XMLElement("os", children: [dialect.systemType, initialProgram])
    }

    private var devices: XMLElement {
        var emulator: XMLElement?
        if case .lxc(let path) = dialect { emulator = XMLElement("emulator", text: path) }
        return XMLElement(
            "devices",
            children: [
                emulator,
                fileSystem(image.root, at: "/", isReadOnly: true),
                fileSystem(image.layer, at: NodeContract.layerTarget, isReadOnly: true),
                fileSystem(directory, at: NodeContract.nodeTarget, isReadOnly: false),
                fileSystem(images, at: NodeContract.imagesTarget, isReadOnly: true),
                XMLElement(
                    "interface",
                    ["type": "network"],
                    children: [
                        XMLElement("mac", ["address": node.macAddress]),
                        XMLElement("source", ["network": node.networkName]),
                        XMLElement("guest", ["dev": "eth0"]),
                    ],
                ),
                XMLElement("console", ["type": "pty"]),
            ],
        )
    }

    private func fileSystem(_ source: String, at target: String, isReadOnly: Bool) -> XMLElement {
        XMLElement(
            "filesystem",
            ["type": "mount", "accessmode": "passthrough"],
            children: [
                XMLElement("source", ["dir": source]),
                XMLElement("target", ["dir": target]),
                isReadOnly ? XMLElement("readonly") : nil,
            ],
        )
    }
}
