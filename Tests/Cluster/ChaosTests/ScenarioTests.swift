import Basics
import Chaos
import Diagnostics
import FoundationEssentials
import TestKit
import Testing

struct ScenarioTests {
    private func read(_ text: String) -> LoadedScenario { LoadedScenario(text, file: "s.yaml") }

    @Test("a scenario is read with all that it may have")
    func whole() throws {
        let scenario = try read(
            """
            name: demo
            every: 500ms..1m30s
            limits: {members: minority, nodes: 3, faults: 2}
            faults:
              - fault: cut
                weight: 3
                lasts: 10s
                roles: [worker]
                nodes: [worker-1]
                group: 1..2
                directions: [both, incoming]
              - fault: leader-kill
            """
        ).checked()
        let cut = Scenario.Entry(
            .cut,
            weight: 3,
            lasts: 10...10,
            roles: ["worker"],
            nodes: ["worker-1"],
            group: 1...2,
            directions: [.both, .incoming],
        )
        let limits = Scenario.Limits(members: nil, nodes: 3, faults: 2)
        #expect(
            scenario == Scenario(name: "demo", every: 0.5...90, limits: limits, entries: [cut, .init(.leaderKill)])
        )
    }

    @Test("all mistakes are reported at once, with their places")
    func mistakes() {
        let loaded = read(
            """
            name: demo
            evry: 5s
            every: soon
            limits: {members: many, nodes: 0}
            faults:
              - fault: power-of
              - fault: cut
                lasts: 20s..5s
                directions: [up]
              - fault: leader-kill
                lasts: 5s
                group: 2
              - weight: 1
              - fault: freeze
                directions: [both]
              - fault: libvirtd-restart
                roles: [worker]
            """
        )
        #expect(loaded.scenario == nil)
        let found = loaded.diagnostics.map { "\($0.location?.line ?? 0): \($0.message)" }
        let expected = [
            (2, "evry"), (3, "every"), (4, "members"), (4, "nodes"), (6, "power-of"), (8, "lasts"),
            (9, "both, incoming"),
            (11, "over at once"), (12, "one leader"), (13, "fault"), (15, "only a cut"), (17, "of the host"),
        ]
        for (line, word) in expected {
            #expect(found.contains { $0.hasPrefix("\(line): ") && $0.contains(word) }, "\(line) \(word): \(found)")
        }
        #expect(found.count == expected.count, "\(found)")
        #expect(loaded.diagnostics.contains { $0.notes.contains { $0.contains("power-off") } })
    }

    @Test("what a cluster does not have is named")
    func unknownTargets() {
        let scenario = Scenario(
            name: "x",
            entries: [.init(.freeze, roles: ["worker", "wrker"]), .init(.freeze, nodes: ["worker-1", "worker-9"])]
        )
        #expect(scenario.unknownTargets(roles: ["worker"], nodes: ["worker-1"]) == ["worker-9", "wrker"])
    }

    @Test("clocks of containers are refused, where they are meant and where nothing else is there")
    func clocks() {
        let (vm, container) = (
            ClusterView.Node("m-1", role: "m", isVM: true), ClusterView.Node("c-1", role: "c")
        )
        func refusal(_ entry: Scenario.Entry, _ nodes: [ClusterView.Node]) -> String? {
            Scenario(name: "x", entries: [.init(.freeze), entry]).refusal(nodes: nodes)
        }
        #expect(refusal(.init(.clockJump), [vm, container]) == nil)
        #expect(refusal(.init(.clockJump, roles: ["m"]), [vm, container]) == nil)
        #expect(refusal(.init(.clockJump), [container])?.contains("host's clock, and c-1 is one") == true)
        #expect(refusal(.init(.clockJump, roles: ["m", "c"]), [vm, container])?.contains("c-1 is one") == true)
        #expect(refusal(.init(.clockJump, nodes: ["c-1"]), [vm, container])?.contains("c-1 is one") == true)
        #expect(refusal(.init(.slowDisk), [container]) == nil)
    }

    @Test("the host is touched by a scenario that asks for it, and by none that is shipped")
    func host() throws {
        #expect(Scenario(name: "x", entries: [.init(.freeze), .init(.libvirtdRestart)]).touchesHost)
        #expect(!Scenario.standard.touchesHost)
        for name in Self.shippedNames {
            let path = "\(Checkout.path)/Topologies/chaos/\(name).yaml"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(try !LoadedScenario(text, file: path).checked().touchesHost)
        }
    }

    @Test("an empty file and one without faults say what there has to be")
    func empty() {
        #expect(read("").diagnostics.map(\.message) == ["the file is empty"])
        #expect(
            read("name: x\nfaults: []\n").diagnostics.map(\.message) == ["\"faults\" is empty; there has to be one"]
        )
        #expect(read("name: x\n").diagnostics.map(\.message) == ["the scenario needs \"faults\""])
    }

    private static let shippedNames = [
        "bad-clock", "pull-the-plug", "split-brain", "leader-hunt", "slow-member", "rolling-doom",
    ]

    @Test("every shipped scenario is read without a finding", arguments: shippedNames)
    func shipped(_ name: String) throws {
        let path = "\(Checkout.path)/Topologies/chaos/\(name).yaml"
        let loaded = LoadedScenario(try String(contentsOfFile: path, encoding: .utf8), file: path)
        #expect(loaded.diagnostics.isEmpty, "\(loaded.diagnostics)")
        #expect(loaded.scenario?.name == name)
    }
}
