import Planning
import TestKit
import Testing
import TopologyModel
import Workspace

@testable import SlipwayCommands

/// A name that a file which came with the program stands for is no leave to change a cluster that was made from
/// another.
@Suite struct InstalledFileTests {
    private static let node = NodeReference(cluster: "demo", name: "a-1", runtime: .container)

    private func plan(_ steps: [Step]) throws -> Plan {
        try Plan(cluster: "demo", purpose: .converge, generation: 2, steps: steps)
    }

    @Test func whatIsThereIsNotChangedOnAGuess() throws {
        let removal = Step("node/a-1/remove", .removeNode(Self.node), reason: "", cost: .destroys)
        let unit = Step("unit/x.service/remove", .destroyUnit(name: "x.service"), reason: "")
        for step in [removal, unit] {
            let error = #expect(throws: UserError.self) { try plan([step]).refuseGuess(of: "/usr/share/demo.yaml") }
            #expect(error?.description.contains("/usr/share/demo.yaml") == true)
        }
    }

    @Test func whatIsMissingIsMade() throws {
        try plan([Step("node/a-1/start", .startNode(Self.node), reason: "")]).refuseGuess(of: "/usr/share/demo.yaml")
        try plan([]).refuseGuess(of: "/usr/share/demo.yaml")
    }

    @Test func aFileThatIsNamedIsNoGuess() {
        #expect(ClusterArgument("Topologies/production.yaml").installedFile == nil)
        #expect(ClusterArgument("nowhere").installedFile == nil)
    }
}
