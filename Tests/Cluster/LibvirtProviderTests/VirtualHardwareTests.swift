import Basics
import Testing
import TopologyModel

@testable import LibvirtProvider

/// What libvirt says of the machines that its host can make.
@Suite struct VirtualHardwareTests {
    /// Capabilities as libvirt's QEMU driver has them, of a host with emulators for these architectures.
    private func capabilities(host: String, features: String = "", _ guests: String...) -> String {
        "<capabilities><host><cpu><arch>\(host)</arch>\(features)</cpu></host>\(guests.joined())</capabilities>"
    }

    private func guest(_ name: String, machines: String..., kvm: Bool = false) -> String {
        let types = machines.map { "<machine maxCpus='512'>\($0)</machine>" }.joined()
        return """
            <guest><os_type>hvm</os_type><arch name='\(name)'><wordsize>64</wordsize>
            <emulator>/usr/bin/qemu-system-\(name)</emulator>\(types)<domain type='qemu'/>
            \(kvm ? "<domain type='kvm'/>" : "")</arch></guest>
            """
    }

    private func hardware(_ architecture: Architecture, _ capabilities: String) throws -> VirtualHardware {
        try VirtualHardware(architecture, capabilities: capabilities)
    }

    @Test func everyArchitectureIsLookedForByItsOwnName() throws {
        let both = capabilities(
            host: "x86_64",
            guest("x86_64", machines: "pc-q35-7.2", "q35", kvm: true),
            guest("aarch64", machines: "virt-7.2", "virt")
        )
        for architecture in Architecture.allCases {
            #expect(try hardware(architecture, both) == VirtualHardware(architecture))
        }
    }

    @Test func anEmulatorThatIsMissingIsNamed() throws {
        let x86 = capabilities(host: "x86_64", guest("x86_64", machines: "q35", kvm: true))
        #expect(try hardware(.amd64, x86).absence == nil)
        #expect(
            try hardware(.arm64, x86).absence
                == "libvirt's host has no emulator for aarch64; sudo apt-get install qemu-system-arm"
        )
        let arm = capabilities(host: "aarch64", guest("aarch64", machines: "virt", kvm: true))
        #expect(try hardware(.arm64, arm).absence == nil)
        #expect(
            try hardware(.amd64, arm).absence
                == "libvirt's host has no emulator for x86_64; sudo apt-get install qemu-system-x86"
        )
        #expect(try hardware(.amd64, "<capabilities/>").absence != nil)
    }

    @Test func aTypeOfMachineThatIsMissingIsNamed() throws {
        let old = capabilities(host: "x86_64", guest("x86_64", machines: "pc", kvm: true))
        #expect(try hardware(.amd64, old).absence == "/usr/bin/qemu-system-x86_64 has no machines of type q35")
    }

    /// Where KVM's machines are others than QEMU's own, libvirt lists each below its kind of domain.
    @Test func machinesOfAKindOfDomainCount() throws {
        let text = """
            <capabilities><guest><os_type>hvm</os_type><arch name='aarch64'>
            <domain type='kvm'><machine>virt</machine></domain></arch></guest></capabilities>
            """
        #expect(try hardware(.arm64, text).absence == nil)
    }

    /// Containers of the LXC driver are guests of the same architecture.
    @Test func containersAreNoMachines() throws {
        let text = """
            <capabilities><guest><os_type>exe</os_type><arch name='x86_64'>
            <machine>q35</machine></arch></guest></capabilities>
            """
        #expect(try hardware(.amd64, text).absence?.contains("no emulator") == true)
    }

    @Test func theDialectAsksForThisProgramsArchitecture() throws {
        let own = Architecture.current
        let text = capabilities(host: own.libvirtName, guest(own.libvirtName, machines: own.machineType))
        let dialect = try DriverDialect(.vm, driver: "QEMU", capabilities: text)
        #expect(dialect == .qemu(VirtualHardware(own)))
        #expect(dialect?.systemType["arch"] == own.libvirtName)
        #expect(dialect?.systemType["machine"] == own.machineType)
    }

    // MARK: KVM

    /// An arm64 host offers KVM for 32-bit machines as well, and emulates those of amd64.
    @Test func kvmIsOfOneArchitecture() throws {
        let text = capabilities(
            host: "aarch64",
            guest("armv7l", machines: "virt", kvm: true),
            guest("aarch64", machines: "virt", kvm: true),
            guest("x86_64", machines: "q35")
        )
        let read = try XMLReader.read(text)
        #expect(VirtualMachineBackend.offersKVM(read, for: .arm64))
        #expect(!VirtualMachineBackend.offersKVM(read, for: .amd64))
    }

    /// The features of an arm64 processor say nothing of it; those of a 32-bit one are not asked.
    @Test(arguments: [("x86_64", ["vmx", "svm"]), ("aarch64", []), ("i686", [])])
    func whichFeaturesSayThatAProcessorRunsMachines(_ host: String, features: [String]) throws {
        let read = try XMLReader.read(capabilities(host: host))
        let cpu = try #require(read.first("host", "cpu"))
        #expect(VirtualMachineBackend.virtualization(of: cpu) == features)
    }
}
