import ArgumentParser
import Testing

@testable import SlipwayCommands

@Suite struct HostFixTests {
    private static func check(
        _ what: String,
        _ level: HostFinding.Level = .ok,
        _ detail: String = "",
        fix: [String] = [],
    ) -> HostFinding {
        HostFinding(what: what, level: level, detail: detail, fix: fix)
    }

    // MARK: Features

    @Test func aHostWithAllOfItHasEveryFeature() {
        let features = HostFeatures.findings([Self.check("libvirt"), Self.check("KVM")])
        #expect(features.allSatisfy { $0.level == .ok && $0.detail == "yes" && $0.kind == .feature })
        #expect(Set(features.map(\.what)).count == features.count)
    }

    @Test func aFeatureNamesWhatKeepsItFromWorking() throws {
        let checks = [
            Self.check("qemu-img", .warning, "not found"), Self.check("KVM", .warning, "no /dev/kvm"),
            Self.check("overlay file system", .missing, "no module"),
        ]
        let features = Dictionary(uniqueKeysWithValues: HostFeatures.findings(checks).map { ($0.what, $0) })
        let machines = try #require(features["virtual machines"])
        #expect(machines.level == .missing)
        #expect(machines.detail == "no, for want of: qemu-img")
        let containers = try #require(features["containers"])
        #expect(containers.detail == "no, for want of: overlay file system")
        #expect(features["logins to nodes"]?.level == .ok)
    }

    @Test func aUserInGroupLibvirtHasVirtualMachines() throws {
        let checks = [HostChecks.privileges(isRoot: false, user: "dev", groups: ["libvirt"])]
        let features = Dictionary(uniqueKeysWithValues: HostFeatures.findings(checks).map { ($0.what, $0) })
        #expect(features["containers"]?.detail == "no, for want of: privileges")
        #expect(features["virtual machines"]?.level == .warning)
        #expect(checks.allSatisfy { $0.level != .missing })
    }

    @Test func emulationLimitsVirtualMachines() throws {
        let features = HostFeatures.findings([Self.check("KVM", .warning, "emulated")])
        let machines = try #require(features.first { $0.what == "virtual machines" })
        #expect(machines.level == .warning)
        #expect(machines.detail == "with limits, see: KVM")
    }

    /// A feature that depends on a check no longer made would always work.
    @Test func featuresDependOnChecksThatAreMade() async throws {
        let doctor = try #require(try HostDoctor.parseAsRoot(["--connect", "test:///default"]) as? HostDoctor)
        let made = Set(await doctor.check().map(\.what))
        let optional: Set = ["connections"]  // its sysctl appears with its module
        for name in HostFeatures.dependencies where !optional.contains(name) {
            #expect(made.contains(name), "no check is called \"\(name)\"")
        }
    }

    // MARK: Fixes

    @Test func remediesAreTheFixesAsRoot() {
        let finding = Self.check("bridges", .warning, "left", fix: ["ip link delete a", "ip link delete b"])
        #expect(finding.remedy == "sudo ip link delete a && sudo ip link delete b")
        #expect(Self.check("x").remedy == nil)
    }

    @Test func eachCommandIsRunOnceAndOnlyWhereSomethingIsWrong() {
        let fix = HostFix([
            Self.check("a", .missing, fix: ["one", "two"]), Self.check("b", .warning, fix: ["two", "three"]),
            Self.check("c", .ok, fix: ["never"]),
        ])
        #expect(fix.commands == ["one", "two", "three"])
    }

    @Test func aCommandThatFailsIsNamedAndTheOthersAreRun() async {
        let fix = HostFix([Self.check("a", .missing, fix: ["exit 3", "true", "exit 4"])])
        #expect(await fix.run() == ["exit 3", "exit 4"])
    }

    @Test(arguments: [["--yes"], ["--fix", "--json"]])
    func optionsThatDoNotGoTogetherAreRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try HostDoctor.parseAsRoot(arguments) }
    }
}
