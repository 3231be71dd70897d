import Basics

/// What QEMU makes a virtual machine of: the architecture, and whether libvirt's host can make such machines.
struct VirtualHardware: Sendable, Hashable {
    /// Architecture of the machine.
    var architecture: Architecture
    /// Reason why libvirt's host can make no such machines; nil where it can.
    var absence: String?

    /// The hardware as Debian packages it, where libvirt is not asked.
    init(_ architecture: Architecture) {
        self.architecture = architecture
    }

    /// - Parameter capabilities: of the connection (https://libvirt.org/formatcaps.html), which list the architectures
    ///   that there are emulators for, and their types of machines.
    init(_ architecture: Architecture, capabilities: String) throws(XMLReader.Problem) {
        self.init(architecture)
        let guests = try XMLReader.read(capabilities).all("guest").filter { $0.first("os_type")?.text == "hvm" }
        let own = guests.flatMap { $0.all("arch") }.filter { $0["name"] == architecture.libvirtName }
        guard let first = own.first else {
            absence =
                "libvirt's host has no emulator for \(architecture.libvirtName); "
                + "sudo apt-get install \(architecture.emulatorPackage)"
            return
        }
        // Where they differ between domains of KVM and of QEMU, each has a list of its own.
        let machines = own.flatMap { $0.all("machine") + $0.all("domain", "machine") }.map(\.text)
        guard machines.contains(architecture.machineType) else {
            let emulator = first.first("emulator")?.text ?? architecture.emulator
            absence = "\(emulator) has no machines of type \(architecture.machineType)"
            return
        }
    }
}
