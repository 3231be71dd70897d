import Basics
import Images
import Planning
import Provisioning
import TopologyModel

/// A virtual machine's domain. https://libvirt.org/formatdomain.html
///
/// Disks are given by path and not by pool and volume: AppArmor's helper of libvirt's cannot resolve the latter.
struct VirtualMachineXML: DomainDefinition {
    let node: NodePlan
    let image: VMImage
    /// The pool's directory on libvirt's host.
    let poolPath: String
    let dialect: DriverDialect

    /// Name of the disk with a machine's root and data.
    static let rootDisk = "vda"

    func document(metadata: NodeRecord?) -> XMLElement {
        XMLElement(
            "domain",
            ["type": dialect.domainType(node.accelerator)],
            children: [
                XMLElement("name", text: node.domainName),
                XMLElement("uuid", text: node.uuid),
                metadata.map { XMLElement("metadata", children: [$0.element(qualified: true)]) },
                XMLElement("memory", ["unit": "MiB"], text: String(node.resources.memoryMiB)),
                XMLElement("vcpu", text: String(node.resources.cpus)),
                sysinfo,
                system,
                features,
                processor,
                XMLElement("clock", ["offset": "utc"]),
                XMLElement("on_poweroff", text: "destroy"),
                XMLElement("on_reboot", text: "restart"),
                XMLElement("on_crash", text: "destroy"),
                devices,
            ],
        )
    }

    /// Firmware of a machine that starts from its disk; nil where QEMU's BIOS does that, and where QEMU loads the kernel.
    private var firmware: Architecture.Firmware? { image.boot == nil ? dialect.architecture.firmware : nil }

    private var system: XMLElement {
        XMLElement(
            "os",
            ["firmware": firmware == nil ? nil : "efi"],
            children: [
                dialect.systemType,
                // libvirt would take the first that fits, which at Debian boots only what Microsoft's keys have signed.
                firmware.map { _ in
                    XMLElement(
                        "firmware",
                        children: [XMLElement("feature", ["enabled": "no", "name": "secure-boot"])],
                    )
                },
                image.boot.map { XMLElement("kernel", text: path($0.kernel)) },
                image.boot.map { XMLElement("initrd", text: path($0.initrd)) },
                image.boot.map { XMLElement("cmdline", text: ($0.arguments + identity).joined(separator: " ")) },
                image.boot == nil ? XMLElement("boot", ["dev": "hd"]) : nil,
            ],
        )
    }

    /// Switches of libvirt's. Without ACPI there is no power button, and the guest agent alone shuts the machine down.
    private var features: XMLElement? {
        let hasACPI = dialect.architecture.hasACPIWithoutFirmware || firmware != nil
        let switches = [
            hasACPI ? XMLElement("acpi") : nil,
            dialect.architecture.hasAPIC ? XMLElement("apic") : nil,
        ].compactMap(\.self)
        return switches.isEmpty ? nil : XMLElement("features", children: switches)
    }

    /// The host's processor, or one to emulate where QEMU's default would not do.
    private var processor: XMLElement? {
        if node.accelerator == .kvm { return XMLElement("cpu", ["mode": "host-passthrough"]) }
        return dialect.architecture.emulatedProcessor.map { model in
            XMLElement("cpu", ["mode": "custom", "match": "exact"], children: [XMLElement("model", text: model)])
        }
    }

    /// Kernel arguments for the time before the node has read its configuration.
    private var identity: [String] { ["systemd.machine_id=\(node.machineID)", "systemd.hostname=\(node.name)"] }

    /// Ignition's configuration, by file: the domain's XML is for everyone's eyes.
    private var sysinfo: XMLElement? {
        guard case .ignition(let name, _) = node.configMedium else { return nil }
        let entry = XMLElement("entry", ["name": name, "file": path(.ignition)])
        return XMLElement("sysinfo", ["type": "fwcfg"], children: [entry])
    }

    private var devices: XMLElement {
        XMLElement(
            "devices",
            children: [
                disk(
                    path(.disk),
                    format: "qcow2",
                    target: Self.rootDisk,
                    serial: "root",
                    backing: XMLElement(
                        "backingStore",
                        ["type": "file"],
                        children: [
                            XMLElement("format", ["type": image.disk.format.rawValue]),
                            XMLElement("source", ["file": path(image.disk)]),
                            XMLElement("backingStore"),
                        ],
                    ),
                ),
                node.configMedium.bringsNodePrograms
                    ? disk(path(.config), format: "raw", target: "vdb", serial: "config-2", isReadOnly: true) : nil,
                image.layer.map { layer in
                    disk(
                        path(layer),
                        format: layer.format.rawValue,
                        target: "vdc",
                        serial: "layer",
                        isReadOnly: true,
                    )
                },
                XMLElement("controller", ["type": "usb", "model": "none"]),
                XMLElement(
                    "interface",
                    ["type": "network"],
                    children: [
                        XMLElement("mac", ["address": node.macAddress]),
                        XMLElement("source", ["network": node.networkName]),
                        XMLElement("model", ["type": "virtio"]),
                    ],
                ),
                XMLElement(
                    "serial",
                    ["type": "pty"],
                    children: [
                        XMLElement("log", ["file": path(.console), "append": "on"]),
                        XMLElement("target", ["port": "0"]),
                    ],
                ),
                image.hasAgent ? agent : nil,
                XMLElement("memballoon", ["model": "virtio"]),
                XMLElement(
                    "rng",
                    ["model": "virtio"],
                    children: [XMLElement("backend", ["model": "random"], text: "/dev/urandom")],
                ),
            ],
        )
    }

    private var agent: XMLElement {
        XMLElement(
            "channel",
            ["type": "unix"],
            children: [XMLElement("target", ["type": "virtio", "name": "org.qemu.guest_agent.0"])],
        )
    }

    private func disk(
        _ path: String,
        format: String,
        target: String,
        serial: String,
        isReadOnly: Bool = false,
        backing: XMLElement? = nil,
    ) -> XMLElement {
        XMLElement(
            "disk",
            ["type": "file", "device": "disk"],
            children: [
                XMLElement("driver", ["name": "qemu", "type": format, "discard": isReadOnly ? nil : "unmap"]),
                XMLElement("source", ["file": path]),
                backing,
                XMLElement("target", ["dev": target, "bus": "virtio"]),
                isReadOnly ? XMLElement("readonly") : nil,
                XMLElement("serial", text: serial),
            ],
        )
    }

    private func path(_ kind: Volumes.Kind) -> String {
        "\(poolPath)/\(Volumes.name(kind, of: NodeReference(node)))"
    }

    private func path(_ file: ImageFile) -> String { "\(poolPath)/\(Volumes.name(ofImage: file))" }
}
