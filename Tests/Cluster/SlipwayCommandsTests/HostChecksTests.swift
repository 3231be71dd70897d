import Basics
import Planning
import Testing
import TopologyModel

@testable import SlipwayCommands

struct HostChecksTests {
    // MARK: Overlay

    @Test func anOverlayModuleThatIsNotLoadedIsNoFault() {
        #expect(HostChecks.overlay("nodev\tproc\nnodev\toverlay\n", module: .missing).level == .ok)
        #expect(HostChecks.overlay("nodev\tproc\n\text4\n", module: .said("")).level == .ok)
        #expect(HostChecks.overlay("nodev\tproc\n\text4\n", module: .failed).level == .missing)
        #expect(HostChecks.overlay("nodev\toverlayish\n", module: .missing).level == .missing)
    }

    // MARK: cgroups

    @Test(arguments: [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0", "version 2", HostFinding.Level.ok),
        (
            """
            tmpfs /sys/fs/cgroup tmpfs ro 0 0
            cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
            cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
            """, "hybrid", .warning
        ),
        ("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0", "version 1", .warning),
    ])
    func theModeOfCgroupsIsToldByMounts(mounts: String, mode: String, level: HostFinding.Level) {
        let finding = HostChecks.cgroups(mounts, fileSystems: "nodev\tcgroup\nnodev\tcgroup2\n")
        #expect(finding.detail.hasPrefix(mode))
        #expect(finding.level == level)
        #expect((finding.remedy == nil) == (level == .ok))
    }

    @Test func aKernelWithoutVersion2IsNotEnough() {
        #expect(HostChecks.cgroups("", fileSystems: "nodev\tcgroup\n").level == .missing)
    }

    // MARK: Security and KVM

    @Test func appArmorIsNamed() {
        #expect(HostChecks.appArmor("Y\n").detail == "on")
        #expect(HostChecks.appArmor("N\n").detail == "off")
        #expect(HostChecks.appArmor("").detail == "off")
    }

    private func kvm(exists: Bool, isUsable: Bool, processors: String, on architecture: Architecture) -> HostFinding {
        HostChecks.kvm(exists: exists, isUsable: isUsable, processors: processors, architecture: architecture)
    }

    @Test func kvmSaysWhichModuleHelps() {
        let capable = "flags\t\t: fpu vmx\n"
        #expect(kvm(exists: true, isUsable: true, processors: capable, on: .amd64).level == .ok)
        let foreign = kvm(exists: true, isUsable: false, processors: capable, on: .amd64)
        #expect(foreign.remedy == "run slipway with sudo")
        // A guest's device, of which the planner makes no use either.
        let guest = kvm(exists: true, isUsable: true, processors: "flags\t\t: fpu\n", on: .amd64)
        #expect(guest.level == .warning)
        #expect(guest.detail.contains("a processor without vmx or svm; virtual machines are emulated"))
        let intel = kvm(
            exists: false,
            isUsable: false,
            processors: "processor : 0\nflags\t\t: fpu vmx ssse3\n",
            on: .amd64,
        )
        #expect(intel.level == .warning)
        #expect(intel.remedy == "sudo modprobe kvm_intel")
        let amd = kvm(exists: false, isUsable: false, processors: "flags\t\t: fpu svm\n", on: .amd64)
        #expect(amd.remedy == "sudo modprobe kvm_amd")
        let none = kvm(exists: false, isUsable: false, processors: "flags\t\t: fpu\n", on: .amd64)
        #expect(none.remedy?.contains("firmware") == true)
    }

    /// The features of such a processor do not say that it runs machines; the device does.
    @Test func kvmOfArm64IsKnownByItsDevice() {
        let processors = "processor\t: 0\nFeatures\t: fp asimd evtstrm aes\n"
        #expect(kvm(exists: true, isUsable: true, processors: processors, on: .arm64).level == .ok)
        let foreign = kvm(exists: true, isUsable: false, processors: processors, on: .arm64)
        #expect(foreign.remedy == "run slipway with sudo")
        let none = kvm(exists: false, isUsable: false, processors: processors, on: .arm64)
        #expect(none.level == .warning && none.remedy?.contains("firmware") == true)
    }

    @Test func firmwareIsLookedForWhereDisksNeedIt() {
        #expect(HostChecks.firmware(Architecture.amd64.firmware, isInstalled: false) == nil)
        let missing = HostChecks.firmware(Architecture.arm64.firmware, isInstalled: false)
        #expect(missing?.level == .warning && missing?.fix == ["apt-get install -y qemu-efi-aarch64"])
        #expect(HostChecks.firmware(Architecture.arm64.firmware, isInstalled: true)?.level == .ok)
    }

    @Test func whoIsNotRootIsToldOfSudo() {
        #expect(HostChecks.privileges(isRoot: true).level == .ok)
        let finding = HostChecks.privileges(isRoot: false)
        #expect(finding.level == .missing)
        #expect(finding.remedy?.contains("sudo") == true)
    }

    @Test func chaosIsToldWhereTheKernelCannotDelayPackets() {
        #expect(HostChecks.trafficControl(module: .said(""), symbols: "").level == .ok)
        let symbols = "0000000000000000 t netem_enqueue\n"
        #expect(HostChecks.trafficControl(module: .failed, symbols: symbols).level == .ok)
        #expect(HostChecks.trafficControl(module: .failed, symbols: "0 t fq_enqueue\n").level == .warning)
    }

    // MARK: Network

    @Test func dockersPolicyIsNamedWithTheRulesThatLetNodesThrough() {
        let docker = "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n"
        let finding = HostChecks.forwarding(.said(docker), isRoot: true)
        #expect(finding.level == .warning)
        #expect(finding.remedy?.contains("sudo iptables -I FORWARD -i slw+ -j ACCEPT") == true)
    }

    @Test(arguments: [
        "-P FORWARD ACCEPT\n-A FORWARD -j DOCKER-USER\n",
        "-P FORWARD DROP\n-A FORWARD -j LIBVIRT_FWX\n-A FORWARD -j LIBVIRT_FWI\n-A FORWARD -j LIBVIRT_FWO\n",
        "-P FORWARD DROP\n-A FORWARD -o slw+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
            + "-A FORWARD -i slw+ -j ACCEPT\n",
    ])
    func nodesThatGetThroughNeedNoRule(rules: String) {
        #expect(HostChecks.forwarding(.said(rules), isRoot: true).level == .ok)
    }

    @Test func rulesThatOnlyRootSeesAreNotTakenForNone() {
        #expect(HostChecks.forwarding(.missing, isRoot: true).level == .ok)
        let finding = HostChecks.forwarding(.failed, isRoot: false)
        #expect(finding.level == .warning)
        #expect(finding.remedy?.contains("sudo") == true)
    }

    private static let header = "  sl  local_address rem_address   st tx_queue rx_queue\n"

    @Test(arguments: [
        ("0: 00000000:0035 00000000:0000 0A 0:0", HostFinding.Level.missing),
        ("0: 00000000:0035 00000000:0000 07 0:0", .missing),
        ("0: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 0:0", .warning),
        // systemd-resolved, on 127.0.0.53; libvirt's default network; a connection to a name server; another port.
        ("0: 3500007F:0035 00000000:0000 0A 0:0", .ok),
        ("0: 017AA8C0:0035 00000000:0000 07 0:0", .ok),
        ("0: 0100007F:9C40 0100007F:0035 01 0:0", .ok),
        ("0: 00000000:0016 00000000:0000 0A 0:0", .ok),
    ])
    func aNameServerOnEveryAddressKeepsNetworksFromStarting(socket: String, level: HostFinding.Level) {
        #expect(HostChecks.nameServer(Self.header + "   " + socket + "\n").level == level)
    }

    @Test func bridgesWithoutANetworkThatRunsAreLeftOver() {
        let bridge = Identity.bridgeName(cluster: "demo")
        func network(active: Bool) -> ObservedNetwork {
            ObservedNetwork(
                name: "slipway.demo",
                cluster: "demo",
                cidr: nil,
                mode: .nat,
                bridge: bridge,
                active: active,
            )
        }
        let interfaces = ["eth0", "lo", "slwan0", bridge]
        #expect(HostChecks.bridges(interfaces, networks: [network(active: true)]).level == .ok)
        for networks in [[], [network(active: false)]] {
            let finding = HostChecks.bridges(interfaces, networks: networks)
            #expect(finding.level == .warning)
            #expect(finding.remedy == "sudo ip link delete \(bridge)")
        }
    }
}
