import Testing

@testable import SlipwayCommands

struct HostLimitsTests {
    private func finding(_ sysctl: String, _ value: String, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> HostFinding?
    {
        HostLimits.finding(
            try #require(HostLimits.all.first { $0.sysctl == sysctl }, sourceLocation: sourceLocation),
            value: value
        )
    }

    @Test func aLowLimitIsShownWithTheNodesItSufficesFor() throws {
        let instances = try #require(try finding("fs.inotify.max_user_instances", "128\n"))
        #expect(instances.level == .warning)
        #expect(instances.detail.hasPrefix("128, about 16 nodes"))
        #expect(instances.remedy == "sudo sysctl -w fs.inotify.max_user_instances=8192")
    }

    @Test(arguments: HostLimits.all.map(\.sysctl))
    func theAdvisedValueSuffices(sysctl: String) throws {
        let limit = try #require(HostLimits.all.first { $0.sysctl == sysctl })
        let finding = try #require(HostLimits.finding(limit, value: "\(limit.advised)\n"))
        #expect(finding.level == .ok)
        #expect(finding.remedy == nil)
        #expect(limit.advised / limit.perNode >= 500)
    }

    @Test func defaultsOfDebianAreJudged() throws {
        #expect(try finding("kernel.pid_max", "4194304\n")?.level == .ok)
        #expect(try finding("net.ipv4.neigh.default.gc_thresh3", "1024\n")?.detail.contains("about 102 nodes") == true)
        #expect(try finding("net.netfilter.nf_conntrack_max", "8192\n")?.level == .warning)
    }

    @Test func aSysctlThatTheKernelDoesNotHaveIsLeftOut() {
        var facts = HostFacts()
        #expect(HostLimits.findings(facts).isEmpty)
        facts.sysctls["kernel.pid_max"] = "32768\n"
        #expect(HostLimits.findings(facts).map(\.what) == ["process numbers"])
    }
}
