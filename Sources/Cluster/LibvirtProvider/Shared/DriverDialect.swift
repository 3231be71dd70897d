import Basics
import TopologyModel

/// Differences between libvirt's drivers, chosen once by the driver's name and capabilities.
enum DriverDialect: Sendable, Hashable {
    /// Containers, with the program that supervises one.
    case lxc(emulator: String)
    /// Virtual machines, with what QEMU makes them of.
    case qemu(VirtualHardware)
    /// Domains in memory only: libvirt's driver for tests, which runs nothing and leaves nothing on the host.
    case test

    /// Dialect of libvirt's LXC driver, with the emulator at the path of Debian's package.
    static let usual = DriverDialect.lxc(emulator: "/usr/lib/libvirt/libvirt_lxc")

    /// Dialect of libvirt's QEMU driver, for machines of this program's architecture.
    static let usualMachines = DriverDialect.qemu(VirtualHardware(.current))

    /// Chooses a dialect; nil when the driver cannot run nodes of the runtime.
    init?(_ runtime: Runtime, driver: String, capabilities: String) throws(XMLReader.Problem) {
        switch (runtime, driver) {
        case (_, "TEST"): self = .test
        case (.vm, _): self = .qemu(try VirtualHardware(.current, capabilities: capabilities))
        case (.container, "LXC"):
            let guests = try XMLReader.read(capabilities).all("guest")
            let emulators = guests.filter { $0.first("os_type")?.text == "exe" }.flatMap { $0.all("arch", "emulator") }
            guard let emulator = emulators.first?.text, !emulator.isEmpty else { return nil }
            self = .lxc(emulator: emulator)
        case (.container, _): return nil
        }
    }

    /// True when domains are libvirt's only: they have no processes, interfaces or log files, and volumes no content.
    var isSimulated: Bool { self == .test }

    /// Type of a domain's definition.
    func domainType(_ accelerator: Accelerator?) -> String {
        switch self {
        case .lxc: "lxc"
        case .qemu: accelerator == .kvm ? "kvm" : "qemu"
        case .test: "test"
        }
    }

    /// Architecture of virtual machines. The driver for tests takes any domain, and its domains are the same everywhere.
    var architecture: Architecture {
        if case .qemu(let hardware) = self { hardware.architecture } else { .amd64 }
    }

    /// Type of the operating system in a domain's definition.
    var systemType: XMLElement {
        switch self {
        case .lxc: XMLElement("type", text: "exe")
        case .qemu(let hardware):
            XMLElement(
                "type",
                ["arch": hardware.architecture.libvirtName, "machine": hardware.architecture.machineType],
                text: "hvm"
            )
        case .test: XMLElement("type", text: "hvm")
        }
    }
}
