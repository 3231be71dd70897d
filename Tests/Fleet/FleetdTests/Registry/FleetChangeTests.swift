import Basics
import Etcd
import Testing

@testable import FleetState

struct FleetChangeTests {
    private static let keys = Keyspace()

    /// A key, and who hears of a change of it: m1's agent, m1 itself, m1's engine that follows, and the one that leads.
    struct Hearing: Sendable, CustomTestStringConvertible {
        var key: String
        var heard: String

        var testDescription: String { key }
    }

    private static let hearings = [
        Hearing(key: keys.unit("a.service"), heard: "agent leader"),
        Hearing(key: keys.desired("a.service"), heard: "agent leader"),
        Hearing(key: keys.schedule("a.service"), heard: "agent leader"),
        Hearing(key: keys.reason("a.service"), heard: "agent leader"),
        Hearing(key: keys.update("a.service"), heard: "agent leader"),
        Hearing(key: keys.rebalance, heard: "agent leader"),
        Hearing(key: keys.engine, heard: "follower leader"),
        Hearing(key: keys.machine("m1"), heard: "agent machine follower leader"),
        Hearing(key: keys.metadata("m1", "k"), heard: "agent machine follower leader"),
        Hearing(key: keys.drain("m1"), heard: "agent machine follower leader"),
        Hearing(key: keys.machine("m2"), heard: "follower leader"),
        Hearing(key: keys.drain("m2"), heard: "follower leader"),
        Hearing(key: keys.state("a.service", on: "m1"), heard: "agent leader"),
        Hearing(key: keys.state("a.service", on: "m2"), heard: "leader"),
    ]

    @Test(arguments: hearings)
    func whoHearsOfAKey(_ hearing: Hearing) {
        let batch = WatchBatch(revision: 7, events: [.delete(key: hearing.key, revision: 7)])
        var snapshot = FleetSnapshot()
        snapshot.leader = EngineLeader(machineID: "m9", createRevision: 1, revision: 1)
        let change = snapshot.change(by: batch, Self.keys)
        // Who leads is read from the snapshot, not from the change.
        snapshot.leader = EngineLeader(machineID: "m9", createRevision: 1, revision: 1)
        let interests: [(String, FleetInterest)] = [
            ("agent", .agent(of: "m1")), ("machine", .machine("m1")), ("follower", .engine(of: "m1")),
            ("leader", .engine(of: "m9")),
        ]
        let heard = interests.filter { $0.1.isMet(by: change, snapshot) }.map(\.0)
        #expect(heard.joined(separator: " ") == hearing.heard)
        #expect(FleetInterest.everything.isMet(by: change, snapshot))
        #expect(interests.allSatisfy { $0.1.isMet(by: .unknown, snapshot) })
    }

    @Test func aStateIsReadAsTheDecoderReadsIt() throws {
        var state = UnitState(loadState: "loaded", activeState: "active", subState: "\"é\"", hash: "", launched: true)
        for change: (inout UnitState) -> Void in [
            { _ in }, { $0.outcome = .done }, { $0.reason = "a \\ b\n" }, { $0.answered = .max },
            { $0.address = IPv4Address("10.1.5.2") },
        ] {
            change(&state)
            #expect(UnitState(plain: try RecordJSON.encode(state)) == state)
        }
        for text in [
            "", "[]", "{}", #"{"loadState":1}"#,
            #"{"loadState":"","activeState":"","subState":"","hash":"","launched":1}"#,
        ] {
            #expect(UnitState(plain: Array(text.utf8)) == nil)
            #expect(throws: (any Error).self) { try RecordJSON.decode(UnitState.self, Array(text.utf8)) }
        }
        let complete = #"{"loadState":"","activeState":"","subState":"","hash":"","launched":false,"#
        for rest in [
            #""outcome":"lost"}"#, #""reason":1}"#, #""answered":"1"}"#, #""answered":1.5}"#, #""address":"here"}"#,
        ] {
            #expect(UnitState(plain: Array((complete + rest).utf8)) == nil, "\(rest)")
        }
        #expect(UnitState(plain: Array((complete + #""outcome":null,"answered":null,"more":[]}"#).utf8)) != nil)
    }
}
