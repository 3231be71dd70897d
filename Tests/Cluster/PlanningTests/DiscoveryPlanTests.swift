import Planning
import Testing
import TopologyModel

/// Members that meet under a token, and everybody else, who is told of them.
@Suite struct DiscoveryPlanTests {
    private func plan(discovery: String? = nil, token: String = "0123") throws -> Plan {
        var topology = Fixture.topology()
        topology.etcd = EtcdSettings(bootstrap: .discovery, discovery: discovery)
        var inputs = Fixture.inputs
        inputs.discoveryToken = token
        return try Planner(topology: topology, inputs: inputs).plan(from: .nothing)
    }

    private func lines(_ plan: Plan, _ node: String, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> [String]
    {
        let text = try #require(plan.nodes.first { $0.name == node }, sourceLocation: sourceLocation).userData
        return text.split(separator: "\n").map { $0.trimmingPrefix(while: \.isWhitespace).description }
    }

    @Test func membersAreGivenTheTokenThatSlipwayServesOnTheirNetwork() throws {
        let plan = try plan()
        #expect(plan.discovery?.url == "http://10.9.0.1:8087/0123")
        #expect(plan.discovery?.size == 3)
        for member in ["central-1", "central-2", "central-3"] {
            let lines = try lines(plan, member)
            #expect(lines.contains { $0.hasPrefix("discovery: ") && $0.contains("http://10.9.0.1:8087/0123") })
            #expect(!lines.contains { $0.hasPrefix("initial_cluster") })
        }
    }

    @Test func aWorkerIsToldOfTheMembersAndTakesNoPlaceOfTheirs() throws {
        let lines = try lines(try plan(), "worker-1")
        #expect(lines.contains { $0.hasPrefix("initial_cluster: ") && $0.contains("central-1=http://10.9.0.10:2380") })
        #expect(!lines.contains { $0.hasPrefix("discovery: ") })
    }

    @Test func aTokenOfTheUsersIsServedElsewhere() throws {
        let plan = try plan(discovery: "https://discovery.example/abc")
        #expect(plan.discovery == nil)
        #expect(try lines(plan, "central-2").contains { $0.contains("https://discovery.example/abc") })
    }

    /// Otherwise another token would restart the members of a cluster that has long met.
    @Test func theTokenIsNothingANodeIsRestartedFor() throws {
        let discovered = try [plan(token: "0"), plan(token: "1"), plan(discovery: "http://h/t")]
        let digests = (discovered + [try Fixture.plan(Fixture.topology())]).map { $0.nodes.map(\.configDigest) }
        #expect(Set(digests).count == 1)
    }
}
