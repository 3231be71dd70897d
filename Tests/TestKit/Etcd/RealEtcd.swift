import Etcd
import Foundation
import Synchronization

/// A real etcd cluster on 127.0.0.1 (the `etcd` program, v2 and v3 APIs), gone when the test is.
///
///     try await RealEtcd.with(members: 3) { etcd in
///         let urls = etcd.clientURLs
///         etcd.kill(0)
///     }
///
/// Elections are quick (a failover takes well under a second) and nothing is written through to a disk.
package final class RealEtcd: Sendable {
    /// Member and its ports.
    package struct Member: Sendable, Hashable {
        /// Name of the member.
        package var name: String
        /// Port for clients.
        package var clientPort: Int
        /// Port for members.
        package var peerPort: Int
        /// `http`, or `https` with TLS.
        package var scheme = "http"

        /// URL for clients.
        package var clientURL: String { "\(scheme)://127.0.0.1:\(clientPort)" }
        /// URL for members.
        package var peerURL: String { "\(scheme)://127.0.0.1:\(peerPort)" }
    }

    private struct State {
        var members: [Member]
        var quota: Int
        var processes: [String: GuardedProcess] = [:]
    }

    private let state: Mutex<State>
    private let directory: String
    private let tls: TestCertificates?
    private let discovery: String?
    private let servesV2: Bool

    /// Starts a cluster, waits until every member is healthy, and removes it after the body.
    ///
    /// - Parameters:
    ///   - tls: what members show and ask for; without it they speak plain text.
    ///   - discovery: the URL under which the members find each other; without it each is told of the others.
    ///   - servesV2: whether there is the v2 API beside v3.
    ///   - quota: how large a member's database may be, in bytes; 0 for etcd's own limit.
    package static func with<T>(
        members count: Int = 1,
        tls: TestCertificates? = nil,
        discovery: String? = nil,
        servesV2: Bool = true,
        quota: Int = 0,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (RealEtcd) async throws -> T,
    ) async throws -> T {
        let etcd = try RealEtcd(count: count, tls: tls, discovery: discovery, servesV2: servesV2, quota: quota)
        defer { etcd.stopAll() }
        for member in etcd.members { try etcd.start(member, initialState: "new") }
        for member in etcd.members { try await etcd.waitUntilHealthy(member) }
        return try await body(etcd)
    }

    private init(count: Int, tls: TestCertificates?, discovery: String?, servesV2: Bool, quota: Int) throws {
        self.tls = tls
        self.servesV2 = servesV2
        self.discovery = discovery
        let scheme = tls == nil ? "http" : "https"
        let ports = try Loopback.freePorts(count * 2)
        let members = (0..<count).map {
            Member(name: "m\($0)", clientPort: ports[$0 * 2], peerPort: ports[$0 * 2 + 1], scheme: scheme)
        }
        state = Mutex(State(members: members, quota: quota))
        let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        directory = "\(base)/slipway-etcd-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// Members, in the order in which they were started.
    package var members: [Member] { state.withLock { $0.members } }
    /// Directory of a member's data.
    package func data(of index: Int) -> String { "\(directory)/\(members[index].name)" }

    /// URLs for clients, of all members.
    package var clientURLs: [String] { members.map(\.clientURL) }
    /// As in `ETCD_INITIAL_CLUSTER`.
    package var initialCluster: String { members.map { "\($0.name)=\($0.peerURL)" }.joined(separator: ",") }

    // MARK: Doing things to it

    /// The first member that follows another.
    package func follower() async throws -> Int { try await first { $0 != $1 } }

    /// The member that the others follow.
    package func leader() async throws -> Int { try await first { $0 == $1 } }

    private func first(where matches: (_ leader: MemberID, _ member: MemberID) -> Bool) async throws -> Int {
        for (index, url) in clientURLs.enumerated() {
            let status = try await EtcdHTTPClient.patient([url]).status(of: url)
            if let leader = status.leader, matches(leader, status.member) { return index }
        }
        throw NoSuchMember()
    }

    private struct NoSuchMember: Error {}

    /// Ends a member as a power cut would.
    package func kill(_ index: Int) { process(index)?.stop() }

    /// Makes a member a black hole: the kernel still accepts connections for it, nothing answers.
    package func suspend(_ index: Int) { process(index)?.signal("STOP") }
    /// Lets a stopped member go on.
    package func resume(_ index: Int) { process(index)?.signal("CONT") }

    /// Starts a killed member again on its data and ports, and waits until it is healthy.
    ///
    /// - Parameter quota: how large databases may be from now on, in bytes; nil for what it was.
    package func restart(_ index: Int, quota: Int? = nil) async throws {
        if let quota { state.withLock { $0.quota = quota } }
        let member = members[index]
        process(index)?.stop()
        try start(member, initialState: "existing")
        try await waitUntilHealthy(member)
    }

    /// Adds a member through the v2 API of the first one, starts it and waits until it is healthy.
    ///
    /// etcd accepts this only about 5 s after all members of a cluster of three have found each other.
    package func addMember(within limit: Duration = .seconds(10)) async throws -> Member {
        let ports = try Loopback.freePorts(2)
        let member = Member(name: "m\(members.count)", clientPort: ports[0], peerPort: ports[1])
        let first = members[0]
        try await eventually(within: limit, "etcd accepts a new member") {
            let answer = await Loopback.http(
                "POST",
                port: first.clientPort,
                path: "/v2/members",
                body: #"{"peerURLs":["\#(member.peerURL)"]}"#,
                within: .seconds(3),
            )
            return answer?.status == 201
        }
        state.withLock { $0.members.append(member) }
        try start(member, initialState: "existing")
        try await waitUntilHealthy(member)
        return member
    }

    // MARK: Processes

    private func process(_ index: Int) -> GuardedProcess? {
        state.withLock { $0.processes[$0.members[index].name] }
    }

    private func start(_ member: Member, initialState: String) throws {
        let quota = state.withLock { $0.quota }
        let arguments =
            [
                "etcd", "--name", member.name, "--data-dir", "\(directory)/\(member.name)",
                "--listen-client-urls", member.clientURL, "--advertise-client-urls", member.clientURL,
                "--listen-peer-urls", member.peerURL, "--initial-advertise-peer-urls", member.peerURL,
                "--enable-v2=\(servesV2)", "--quota-backend-bytes=\(quota)", "--log-level", "warn",
                "--heartbeat-interval", "25", "--election-timeout", "250",
            ] + meeting(initialState) + (tls?.memberArguments ?? [])
        let process = try GuardedProcess(arguments, log: "\(directory)/\(member.name).log", scratch: directory)
        state.withLock { $0.processes[member.name] = process }
    }

    /// How a member is to find the others.
    private func meeting(_ initialState: String) -> [String] {
        if let discovery { return ["--discovery", discovery] }
        return [
            "--initial-cluster", initialCluster, "--initial-cluster-state", initialState,
            "--initial-cluster-token", directory,
        ]
    }

    private func waitUntilHealthy(_ member: Member) async throws {
        let process = state.withLock { $0.processes[member.name] }
        do {
            try await eventually(within: .seconds(60), "etcd \(member.name) is healthy") {
                let url = member.clientURL
                let etcd = EtcdHTTPClient(endpoints: [url], requestTimeout: .milliseconds(500), tls: self.tls?.client)
                return await (try? etcd.health(of: url)) == true
            }
        } catch let error as NeverHappened {
            throw NeverHappened(what: error.what, limit: error.limit, evidence: process?.logTail() ?? "")
        }
    }

    private func stopAll() {
        let processes = state.withLock { state in
            defer { state.processes = [:] }
            return state.processes
        }
        for process in processes.values { process.stop() }
        try? FileManager.default.removeItem(atPath: directory)
    }
}
