import Dashboard
import FleetState
import Planning
import Provisioning
import TestKit
import Testing
import UnitFiles

/// What a page asks for, as commands that are run.
@Suite(.timeLimit(.minutes(5))) struct DashboardRunsTests {
    private func command(_ action: DashboardAction, _ look: ClusterLook? = nil) throws -> [String] {
        try action.command(at: look ?? Fixture.look()) { "demo.yaml" }
    }

    @Test func commandsAreThoseThatAPersonWouldType() throws {
        #expect(try command(.init(.up, cluster: "demo")) == ["up", "demo.yaml"])
        let scaling = DashboardAction(.scale, cluster: "demo", name: "worker", count: 4)
        #expect(try command(scaling) == ["scale", "demo.yaml", "worker=4"])
        #expect(try command(.init(.stop, cluster: "demo", name: "worker-1")) == ["stop", "demo", "worker-1"])
        let machine = Fixture.machine("worker-2")
        let draining = ["exec", "demo", "central-1", "--", "fleetctl", "drain", machine]
        #expect(try command(.init(.drain, cluster: "demo", name: "worker-2")) == draining)
    }

    /// A name is not taken for an option, and what is not there is not asked for.
    @Test(arguments: [
        (DashboardAction(.stop, cluster: "demo", name: "--force"), "there is no node --force in demo"),
        (.init(.stop, cluster: "demo"), "there is no node  in demo"),
        (.init(.drain, cluster: "demo", name: "worker-9"), "there is no node worker-9 in demo"),
        (.init(.scale, cluster: "demo", name: "--write", count: 1), "there is no role --write in demo"),
        (.init(.scale, cluster: "demo", name: "worker", count: -1), "say how many nodes worker shall have"),
        (.init(.scale, cluster: "demo", name: "worker"), "say how many nodes worker shall have"),
        (.init(.halt, cluster: "demo", name: "--help"), "there is no unit --help in demo"),
    ])
    func whatIsNotThere(_ action: DashboardAction, _ words: String) throws {
        #expect(throws: DashboardError(words)) { try command(action) }
    }

    @Test func withoutAMachineNothingIsAskedOfFleet() throws {
        var look = try Fixture.look()
        look.observation.fleet = nil
        #expect(throws: DashboardError("fleet lists no machine of demo now")) {
            try command(.init(.drain, cluster: "demo", name: "worker-1"), look)
        }
    }

    @Test(arguments: [(true, Int32(0)), (false, 1)])
    func aQuestionIsAnswered(_ isYes: Bool, _ code: Int32) async throws {
        let runs = DashboardRuns(FakeDashboard())
        let number = runs.begin(["up", "demo.yaml"])
        var said: [DashboardRuns.Message] = []
        for await message in try runs.messages(of: number) {
            said.append(message)
            if message == .output(.question) { try runs.answer(number, isYes) }
        }
        let words = isYes ? "yes\n" : "no\n"
        #expect(
            said == [
                .output(.text("up demo.yaml\n")), .output(.question), .output(.text(words)),
                .ended(code: code, reason: nil),
            ]
        )
        #expect(throws: DashboardError("that command has ended")) { try runs.answer(number, true) }
    }

    /// The command is not kept waiting, with its cluster's lease, by a page that was closed.
    @Test func whoLeavesSaysNo() async throws {
        let source = FakeDashboard()
        let runs = DashboardRuns(source, patience: .milliseconds(1))
        let unread = runs.begin(["up", "demo.yaml"])
        try await eventually(within: .seconds(30), "its question is over") { source.answers == [nil] }
        #expect(throws: DashboardError("there is no command \(unread)")) { try runs.messages(of: unread) }
        let other = DashboardRuns(source)
        for await message in try other.messages(of: other.begin(["up", "demo.yaml"])) {
            if message == .output(.question) { break }
        }
        try await eventually(within: .seconds(30), "its question is over") { source.answers == [nil, nil] }
    }

    @Test func aCommandIsStopped() async throws {
        let runs = DashboardRuns(FakeDashboard())
        let number = runs.begin(["restart", "demo", "worker-1"])
        var said: [DashboardRuns.Message] = []
        for await message in try runs.messages(of: number) {
            said.append(message)
            if said.count == 1 { try runs.stop(number) }
        }
        #expect(said.last == .ended(code: nil, reason: "stopped"))
        let other = runs.begin(["restart", "demo", "worker-2"])
        await runs.stopAll()
        #expect(throws: DashboardError("that command has ended")) { try runs.stop(other) }
    }
}
