import Testing

@testable import SlipwayCommands

/// libvirt's daemons and the firewall, by what systemd says of their units.
struct HostServicesTests {
    private func unit(_ name: String, _ load: String = "loaded", file: String = "disabled", active: String = "inactive")
        -> String
    {
        "Id=\(name)\nLoadState=\(load)\nActiveState=\(active)\nUnitFileState=\(file)\n"
    }

    private func findings(_ units: String...) -> [String: HostFinding] {
        let found = HostServices.findings(.said(units.joined(separator: "\n")))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.what, $0) })
    }

    @Test func oneDaemonThatStartsAtBootIsWell() {
        let found = findings(
            unit("libvirtd.service", file: "enabled"),
            unit("libvirtd.socket", file: "enabled", active: "active"),
            unit("virtlxcd.service", "not-found"),
        )
        #expect(found["libvirt's service"]?.level == .ok)
        #expect(found["libvirt's service"]?.detail == "one for all drivers, started at boot")
        #expect(found["firewalld"]?.level == .ok)
    }

    /// The socket starts it when it is asked, and nobody asks after a reboot.
    @Test func aSocketAloneBringsNoNodeBack() {
        let found = findings(unit("libvirtd.service"), unit("libvirtd.socket", file: "enabled", active: "active"))
        #expect(found["libvirt's service"]?.level == .warning)
        #expect(found["libvirt's service"]?.fix == ["systemctl enable libvirtd.service"])
    }

    @Test func theDaemonsThatAreInUseAreTheOnesThatAreEnabled() {
        let found = findings(
            unit("libvirtd.service"),
            unit("libvirtd.socket"),
            unit("virtlxcd.service", file: "enabled"),
            unit("virtlxcd.socket", file: "enabled", active: "active"),
            unit("virtqemud.service", "not-found"),
            unit("virtnetworkd.service"),
            unit("virtnetworkd.socket", file: "enabled", active: "active"),
        )
        #expect(found["libvirt's service"]?.detail.hasPrefix("one a driver; virtnetworkd not started at boot") == true)
        #expect(found["libvirt's service"]?.fix == ["systemctl enable virtnetworkd.service"])
    }

    @Test func whatIsInstalledIsStarted() {
        let single = unit("libvirtd.service") + "\n" + unit("libvirtd.socket")
        #expect(HostServices.remedy(.said(single)) == ["systemctl enable --now libvirtd.service libvirtd.socket"])
        let split = ["virtlxcd.service", "virtlxcd.socket", "virtnetworkd.service", "virtnetworkd.socket"].map {
            unit($0)
        }
        #expect(
            HostServices.remedy(.said(split.joined(separator: "\n"))) == [
                "systemctl enable --now virtlxcd.service virtlxcd.socket virtnetworkd.service virtnetworkd.socket"
            ]
        )
        let none = HostServices.remedy(.said(unit("libvirtd.service", "not-found")))
        #expect(none.first?.hasPrefix("apt-get install -y libvirt-daemon-system") == true)
        #expect(HostServices.remedy(.failed).isEmpty)
    }

    @Test func aFirewallThatRunsIsNamed() {
        let found = findings(unit("firewalld.service", file: "enabled", active: "active"))
        #expect(found["firewalld"]?.level == .warning)
        #expect(found["firewalld"]?.remedy?.contains("--add-port=8087/tcp") == true)
    }

    // MARK: libvirt itself

    @Test func whoMayNotAskLibvirtIsToldHow() {
        var facts = HostFacts(isRoot: false, units: .said(unit("libvirtd.service")), groups: ["dev"], user: "dev")
        let finding = HostLibvirt.silent("denied", facts: facts)
        #expect(finding.remedy?.contains("sudo adduser dev libvirt") == true)
        #expect(finding.fix.isEmpty)
        facts.groups = ["dev", "libvirt"]
        #expect(
            HostLibvirt.silent("no socket", facts: facts).remedy?.contains("systemctl enable --now libvirtd") == true
        )
    }

    @Test func aVersionThatIsNotTestedIsNamed() {
        #expect(HostLibvirt.version(8_000_000).level == .warning)
        #expect(HostLibvirt.version(9_000_000).detail == "9.0.0")
        #expect(HostLibvirt.version(11_003_000).level == .ok)
    }
}
