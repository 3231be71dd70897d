import Fleetctl
import FoundationEssentials
import Scheduling
import Synchronization
import Testing

/// Answers each request with the next of its answers; the last one for ever.
private final class ScriptedFleet: FleetTransport {
    private let answers: Mutex<[String: [String]]>
    private let asked = Mutex<[String]>([])

    init(_ answers: [String: [String]]) { self.answers = Mutex(answers) }

    /// What was asked other than to look.
    var changes: [String] { asked.withLock { $0.filter { !$0.hasPrefix("GET") } } }

    func send(_ request: FleetRequest) async throws -> FleetResponse {
        let path = request.target.split(separator: "?")[0].dropFirst("/fleet/v1/".count).replacing("%40", with: "@")
        let what = "\(request.method.rawValue) \(path)"
        asked.withLock { $0.append(what) }
        return answers.withLock { answers in
            guard var next = answers[what], let first = next.first else { return FleetResponse(status: 404) }
            if next.count > 1 { next.removeFirst() }
            answers[what] = next
            let status = Int(first.prefix(3)) ?? 200
            return FleetResponse(status: status, body: Array(first.dropFirst(4).utf8))
        }
    }
}

@Suite struct ClusterOperationsTests {
    private func run(
        _ answers: [String: [String]],
        files: [String: String] = [:],
        printed: String = "",
        _ body: (ClusterOperations) async throws -> Int32,
    ) async throws -> (code: Int32, out: String, err: String, changes: [String]) {
        let stub = StubRun(files: files, printed: printed)
        let fleet = ScriptedFleet(answers)
        var context = stub.context()
        context.client = FleetClient(fleet)
        let code = try await body(ClusterOperations(context))
        return (code, stub.out, stub.err, fleet.changes)
    }

    private static let machines = #"200 {"machines":[{"id":"aaaa1111"},{"id":"aabb2222"}]}"#
    private static let here = #"200 {"units":[{"name":"a.service","machineID":"aaaa1111"}]}"#

    @Test func drainWaitsUntilTheUnitsHaveLeft() async throws {
        let gone = #"200 {"units":[{"name":"a.service","machineID":"aabb2222"}]}"#
        let answers = [
            "GET machines": [Self.machines], "PUT drains/aaaa1111": ["204"], "GET units": [Self.here, Self.here, gone],
        ]
        let result = try await run(answers) { try await $0.drain(["aaaa"]) }
        #expect(result == (0, "Machine aaaa1111 is drained\n", "", ["PUT drains/aaaa1111"]))
    }

    @Test func drainSaysWhatStaysAndWhy() async throws {
        let stays = #"200 {"units":[{"name":"a.service","machineID":"aaaa1111","statusReason":"no machine fits"}]}"#
        let answers = [
            "GET machines": [Self.machines], "PUT drains/aaaa1111": ["204"], "GET units": [Self.here, stays],
        ]
        let result = try await run(answers) { try await $0.drain(["aaaa"]) }
        #expect(result == (1, "", "a.service is still there: no machine fits\n", ["PUT drains/aaaa1111"]))
    }

    @Test func machinesAreNamedByTheirBeginning() async throws {
        await #expect(throws: FleetctlError.self) {
            try await run(["GET machines": [Self.machines]]) { try await $0.drain(["aa"]) }
        }
        let answers = [
            "GET machines": [Self.machines], "GET drains": [#"200 {"machines":["cc"]}"#], "DELETE drains/cc": ["204"],
        ]
        #expect(try await run(answers) { try await $0.undrain(["c"]) }.changes == ["DELETE drains/cc"])
    }

    @Test func rebalanceOnceWaitsForItsEnd() async throws {
        let answers = [
            "PUT rebalance": ["204"], "GET rebalance": [#"200 {"mode":"once"}"#, #"200 {"mode":"off"}"#],
        ]
        #expect(try await run(answers) { try await $0.rebalance("once") }.out == "The load is even\n")
        #expect(try await run(answers) { try await $0.rebalance(nil) }.out == "once\n")
    }

    private static let file = ["w@.service": "[Service]\nExecStart=/bin/new\n"]

    private func update(_ phases: [String]) -> [String: [String]] {
        [
            "PUT updates/w@.service": ["201"], "DELETE updates/w@.service": ["204"],
            "GET updates/w@.service": phases.map { "200 {\"name\":\"w@.service\",\"waiting\":[],\($0)}" },
        ]
    }

    @Test func updateTellsOfEveryUnit() async throws {
        let answers = update([
            #""phase":"rolling","updated":[]"#, #""phase":"rolling","updated":["w@1.service"]"#,
            #""phase":"done","updated":["w@1.service","w@2.service"]"#,
        ])
        let result = try await run(answers, files: Self.file) { try await $0.update("w@.service", .init()) }
        let out = "Unit w@1.service updated\nUnit w@2.service updated\n"
        #expect(result == (0, out, "", ["PUT updates/w@.service", "DELETE updates/w@.service"]))
    }

    @Test func anUpdateThatFailsShowsTheLogOfTheUnit() async throws {
        var answers = update([
            #""phase":"rolling","current":"w@2.service","updated":["w@1.service"]"#,
            #""phase":"rollingBack","updated":["w@1.service"]"#,
            #""phase":"rolledBack","updated":[],"reason":"w@2.service failed""#,
        ])
        answers["GET units/w@2.service"] = [#"200 {"name":"w@2.service","machineID":"aabb2222"}"#]
        answers["GET machines"] = [#"200 {"machines":[{"id":"aabb2222","primaryIP":"10.0.0.6"}]}"#]
        let result = try await run(answers, files: Self.file, printed: "one\ntwo\n") {
            try await $0.update("w@.service", .init())
        }
        #expect(result.code == 1)
        let log = "The log of w@2.service:\n    one\n    two\n"
        #expect(result.err == "\(log)The update of w@.service was taken back: w@2.service failed\n")
    }

    @Test func anUpdateThatWasTakenBackFails() async throws {
        let answers = update([#""phase":"rolledBack","updated":[],"reason":"w@1.service failed""#])
        let result = try await run(answers, files: Self.file) { try await $0.update("w@.service", .init()) }
        #expect(result.code == 1)
        #expect(result.err == "The update of w@.service was taken back: w@1.service failed\n")
        await #expect(throws: FleetctlError.self) { try await run(answers) { try await $0.update("v", .init()) } }
    }
}
