import Images
import Planning
import Provisioning
import TopologyModel

/// How containers are made at one libvirt connection.
enum ContainerDriver: Sendable, Hashable {
    /// libvirt's LXC driver, with the program that carries a container.
    case lxc(emulator: String)
    /// libvirt's driver for tests, which only pretends.
    case test

    /// Chooses by the connection's driver and capabilities; nil when it can run no containers.
    init?(driver: String, capabilities: String) throws(XMLReader.Problem) {
        switch driver {
        case "TEST": self = .test
        case "LXC":
            let guests = try XMLReader.read(capabilities).all("guest")
            let emulators = guests.filter { $0.first("os_type")?.text == "exe" }.flatMap { $0.all("arch", "emulator") }
            guard let emulator = emulators.first?.text, !emulator.isEmpty else { return nil }
            self = .lxc(emulator: emulator)
        default: return nil
        }
    }
}

/// A node's domain as XML, whatever is behind it.
protocol DomainDefinition: Sendable {
    var node: NodePlan { get }
    func document(metadata: NodeRecord?) -> XMLElement
}

extension DomainDefinition {
    /// What is written onto the domain.
    func record(phase: NodePhase) -> NodeRecord {
        NodeRecord(node, phase: phase, definition: String(sha256Hex(document(metadata: nil).rendered()).prefix(16)))
    }

    func text(phase: NodePhase) -> String {
        document(metadata: record(phase: phase)).rendered()
    }
}

/// A container node's domain. https://libvirt.org/drvlxc.html, https://libvirt.org/formatdomain.html
struct DomainXML: DomainDefinition {
    let node: NodePlan
    let image: NodeImagePaths
    /// The node's own directory on the host.
    let directory: String
    let driver: ContainerDriver

    func document(metadata: NodeRecord?) -> XMLElement {
        XMLElement(
            "domain",
            ["type": driver == .test ? "test" : "lxc"],
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
        switch driver {
        case .lxc:
            XMLElement(
                "os",
                children: [XMLElement("type", text: "exe"), XMLElement("init", text: NodeContract.initPath)],
            )
        case .test:
            XMLElement("os", children: [XMLElement("type", text: "hvm")])
        }
    }

    private var devices: XMLElement {
        var emulator: XMLElement?
        if case .lxc(let path) = driver { emulator = XMLElement("emulator", text: path) }
        return XMLElement(
            "devices",
            children: [
                emulator,
                fileSystem(image.root, at: "/", isReadOnly: true),
                fileSystem(image.layer, at: NodeContract.layerTarget, isReadOnly: true),
                fileSystem(directory, at: NodeContract.nodeTarget, isReadOnly: false),
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
