import Basics
import Dashboard
import Etcd
import FleetState
import Planning
import Provisioning
import Synchronization
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// A cluster of three members and two workers, with a unit on the first of these.
enum Fixture {
    static func nodes(sourceLocation: SourceLocation = #_sourceLocation) throws -> [ObservedNode] {
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation)),
            roles: [
                Role(name: "central", count: 3, etcd: .member, metadata: ["role": "central"]),
                Role(name: "worker", count: 2, etcd: .proxy, metadata: ["role": "worker"]),
            ],
            units: [],
        )
        let nothing = Observation(provider: ProviderObservation())
        return try Planner(topology: topology, inputs: .fixed).plan(from: nothing).nodes.map { ObservedNode($0) }
    }

    static func machine(_ node: String) -> String { Identity.machineID(cluster: "demo", node: node) }

    static func unit(_ machines: [String: String] = ["worker-1": "active"]) -> ObservedFleet.Unit {
        let states = machines.map { (machine($0.key), $0.value) }
        return ObservedFleet.Unit(
            name: "web.service",
            hash: "1",
            desiredState: .launched,
            states: Dictionary(states) { first, _ in first },
        )
    }

    /// All is well, and central-2 leads.
    static func look(sourceLocation: SourceLocation = #_sourceLocation) throws -> ClusterLook {
        let nodes = try nodes()
        let members = try nodes.filter { $0.etcd == .member }.enumerated().map { index, node in
            ObservedEtcd.Member(
                id: "\(index + 1)",
                name: node.name,
                peerURLs: [try #require(node.peerURL, sourceLocation: sourceLocation)],
                healthy: true
            )
        }
        let statuses = members.enumerated().map { index, member in
            (member.name, status(of: UInt64(index + 1), leader: 2))
        }
        let fleet = ObservedFleet(machines: Set(nodes.map { machine($0.name) }), units: ["web.service": unit()])
        return ClusterLook(
            Observation(
                provider: ProviderObservation(nodes: nodes),
                etcd: ObservedEtcd(members: members),
                fleet: fleet
            ),
            members: Dictionary(statuses) { first, _ in first },
        )
    }

    static func status(of member: UInt64, leader: UInt64, term: UInt64 = 4) -> MemberStatus {
        MemberStatus(
            member: MemberID(member),
            cluster: "c1",
            leader: MemberID(leader),
            version: "3.4.23",
            revision: 33,
            raftTerm: term,
            raftIndex: 50 + member,
            databaseSize: 20_480,
        )
    }
}

/// Clusters that a test shows.
final class FakeDashboard: DashboardSource {
    private struct State {
        var show: (@Sendable (HostLook) -> Void)?
        var look = HostLook()
        var follows = 0
        var isFollowing = false
        var commands: [[String]] = []
        var answers: [Bool?] = []
    }

    private let state = Mutex(State())

    init(_ look: HostLook = HostLook()) { state.withLock { $0.look = look } }

    /// How often it was begun to follow.
    var follows: Int { state.withLock { $0.follows } }
    /// Whether somebody follows now.
    var isFollowing: Bool { state.withLock { $0.isFollowing } }

    let host = "here"

    func show(_ look: HostLook) {
        let show = state.withLock { state in
            state.look = look
            return state.show
        }
        show?(look)
    }

    func follow(_ show: @escaping @Sendable (HostLook) -> Void) async {
        let look = state.withLock { state in
            state.show = show
            state.follows += 1
            state.isFollowing = true
            return state.look
        }
        show(look)
        let (endless, continuation) = AsyncStream.makeStream(of: Void.self)
        for await _ in endless {}
        continuation.finish()
        state.withLock { ($0.show, $0.isFollowing) = (nil, false) }
    }

    func journal(of node: String, in cluster: String) async throws -> AsyncThrowingStream<String, any Error> {
        guard node == "worker-1" else { throw DashboardError("there is no node \(node) in \(cluster)") }
        return AsyncThrowingStream { continuation in
            continuation.yield("1795694400.000000 fleetd[1]: \"quoted\"\u{1B}[31m & <b>")
            continuation.finish()
        }
    }

    func load(of node: String, in cluster: String) async throws -> AsyncThrowingStream<NodeLoad, any Error> {
        AsyncThrowingStream { $0.finish() }
    }

    func uses(of cluster: String) async throws -> [String: [String]] { ["worker-1": ["central-2"]] }
    func plan(of cluster: String) async throws -> PlanDocument { PlanDocument(file: nil, notes: ["no file"]) }
    func history(of cluster: String) async throws -> [HistoryEntry] { [] }
    func metrics() async throws -> String { "# EOF\n" }

    func command(for action: DashboardAction, at look: ClusterLook) throws -> [String] {
        try action.command(at: look) { "demo.yaml" }
    }

    /// Says its words, asks once, and ends with 0 for yes and 1 for no. A restart goes on until it is stopped.
    func run(
        _ words: [String],
        answers: AsyncStream<Bool>,
        say: @escaping @Sendable (CommandOutput) -> Void,
    ) async throws -> Int32 {
        state.withLock { $0.commands.append(words) }
        say(.text(words.joined(separator: " ") + "\n"))
        guard !words.contains("restart") else {
            let (endless, continuation) = AsyncStream.makeStream(of: Void.self)
            for await _ in endless {}
            continuation.finish()
            throw CancellationError()
        }
        say(.question)
        var iterator = answers.makeAsyncIterator()
        let answer = await iterator.next()
        say(.text(answer.map { $0 ? "yes\n" : "no\n" } ?? "nobody\n"))
        state.withLock { $0.answers.append(answer) }
        return answer == true ? 0 : 1
    }

    /// Commands that were run.
    var commands: [[String]] { state.withLock { $0.commands } }
    /// Answers to their questions; nil for those that nobody could answer.
    var answers: [Bool?] { state.withLock { $0.answers } }
}
