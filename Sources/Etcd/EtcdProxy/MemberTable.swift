/// Members, their health, and the order in which they are tried. A value: events in, actions out.
package struct MemberTable: Sendable {
    /// Result of a probe.
    package enum Sign: Sendable, Hashable {
        /// It answered.
        case alive
        /// It answered that it is part of a working cluster, or that it is not.
        case health(Bool)
        /// No process listens there.
        case refused
        /// It did not answer in time.
        case silent
    }

    /// Consequence of an event, for the proxy to carry out.
    package enum Action: Sendable, Hashable {
        /// Close the forwarded connections to this member, whose clients would otherwise wait for nothing.
        case disconnect(Endpoint, reason: String)
        /// Ask for the member list now.
        case refresh
        /// Probe the members now.
        case probe
        /// Remember these members over a restart.
        case save([ProxyMember])
        /// Ask members whether they can commit, until one can; clients wait so long.
        case verify
        /// Serve the clients that wait.
        case release
        /// For the first time a member has answered a client's question; before it has seen a quorum none does.
        case ready
        case log(String)
    }

    private struct Entry {
        var member: ProxyMember
        /// Nil until it was heard of.
        var isAlive: Bool?
        var isHealthy = true
        /// Probes in a row that were not answered.
        var misses = 0

        /// Smaller is better.
        var rank: Int {
            switch (isAlive, isHealthy) {
            case (true?, true): 0
            case (nil, _): 1
            case (true?, false): 2
            case (false?, _): 3
            }
        }
    }

    /// Probes in a row that must stay unanswered before a member is given up.
    package static let patience = 2

    private var entries: [Endpoint: Entry] = [:]
    private var turn = 0
    /// A member has answered since the start.
    package private(set) var isReady = false
    /// A member was lost, perhaps the leader. Until there is a new one the members drop writes silently, and the client
    /// would wait in vain: so it waits here instead, until a member reports that it can commit.
    package private(set) var isInDoubt = false
    /// The list came from a member.
    package private(set) var hasLearned = false
    private var configuredPeers: [Endpoint]

    /// Creates a table of these peers, each still to be asked.
    package init(peers: [Endpoint]) {
        configuredPeers = peers
        for peer in peers { add(.guess(peer: peer)) }
    }

    /// Members known, by client endpoint.
    package var members: [ProxyMember] { entries.values.map(\.member).sorted { $0.client < $1.client } }
    /// Endpoints known, in order.
    package var endpoints: [Endpoint] { entries.keys.sorted() }

    /// Endpoints to ask for the member list: healthy members first, and last the configured ones, should all others be
    /// gone.
    package var peers: [Endpoint] {
        let entries = entries.values.sorted { ($0.rank, $0.member.client) < ($1.rank, $1.member.client) }
        var peers: [Endpoint] = []
        for peer in entries.flatMap(\.member.peers) + configuredPeers where !peers.contains(peer) { peers.append(peer) }
        return peers
    }

    /// Returns whether anything is known of this member; nil for nothing.
    package func isAlive(_ endpoint: Endpoint) -> Bool? { entries[endpoint]?.isAlive }

    /// Returns whether this is a member, as far as is known.
    package func knows(_ endpoint: Endpoint) -> Bool { entries[endpoint] != nil }

    /// Returns whether a member is asked whether it is part of a working cluster, rather than for any sign of life: one
    /// of which nothing is known, and every fifth time one that another could stand in for, or that was not.
    package func asksHealth(of endpoint: Endpoint, round: Int) -> Bool {
        guard let entry = entries[endpoint], entry.isAlive != nil else { return true }
        return isReady && round % 5 == 0 && (entries.count > 1 || !entry.isHealthy)
    }

    /// Members in the order to try them for one new connection: the best first, equals in turn.
    package mutating func candidates() -> [Endpoint] {
        defer { turn &+= 1 }
        let groups = Dictionary(grouping: entries.sorted { $0.key < $1.key }) { $0.value.rank }
        return groups.sorted { $0.key < $1.key }.flatMap { _, group in
            let start = turn % group.count
            return (group[start...] + group[..<start]).map(\.key)
        }
    }

    // MARK: Events

    /// A discovery service has said who the first members' peers are.
    package mutating func discovered(_ peers: [Endpoint]) {
        guard !hasLearned, peers != configuredPeers else { return }
        configuredPeers = peers
        entries = [:]
        for peer in peers { add(.guess(peer: peer)) }
    }

    /// A list from a file of an earlier run: better than a guess.
    package mutating func remembered(_ members: [ProxyMember]) {
        guard !members.isEmpty else { return }
        entries = [:]
        for member in members { add(member) }
    }

    /// A member has sent the list. Members do so before there is a quorum: it is no sign that clients would be served.
    package mutating func learned(_ members: [ProxyMember]) -> [Action] {
        guard !members.isEmpty else { return [] }
        let before = self.members
        let isFirst = !hasLearned
        hasLearned = true
        let now = Set(members.map(\.client))
        let gone = entries.keys.filter { !now.contains($0) }.sorted()
        for endpoint in gone { entries[endpoint] = nil }
        for member in members { add(member) }
        guard isFirst || self.members != before else { return [] }
        let list = self.members.map(\.client.description).joined(separator: ", ")
        return gone.map { .disconnect($0, reason: "no longer a member") }
            + [.save(self.members), .log("members: \(list)"), .probe]
    }

    /// Takes the result of a probe.
    package mutating func probed(_ endpoint: Endpoint, _ sign: Sign) -> [Action] {
        guard let entry = entries[endpoint] else { return [] }
        switch sign {
        case .alive: return answered(endpoint, entry, isHealthy: entry.isHealthy)
        case .health(let isHealthy): return answered(endpoint, entry, isHealthy: isHealthy)
        case .refused: return missed(endpoint, entry, misses: Self.patience, "refuses connections")
        case .silent: return missed(endpoint, entry, misses: entry.misses + 1, "does not answer")
        }
    }

    /// A client's connection could not be made.
    package mutating func dialFailed(_ endpoint: Endpoint) -> [Action] {
        guard let entry = entries[endpoint], entry.isAlive == true else { return [] }
        return missed(endpoint, entry, misses: Self.patience, "cannot be connected to")
    }

    /// A member ended a connection that its client still wanted.
    package mutating func connectionLost() -> [Action] { doubt() }

    /// A member has committed something since the doubt came up, or there was no time to wait for that.
    package mutating func verified() -> [Action] {
        guard isInDoubt else { return [] }
        isInDoubt = false
        return [.release]
    }

    // MARK: What follows

    private mutating func doubt() -> [Action] {
        guard isReady, !isInDoubt else { return [] }
        isInDoubt = true
        return [.verify]
    }

    private mutating func add(_ member: ProxyMember) {
        entries[member.client, default: Entry(member: member)].member = member
    }

    private mutating func answered(_ endpoint: Endpoint, _ old: Entry, isHealthy: Bool) -> [Action] {
        var entry = old
        entry.isAlive = true
        entry.misses = 0
        entry.isHealthy = isHealthy
        entries[endpoint] = entry
        var actions = becomeReady()
        if old.isAlive == false { actions.append(.log("\(endpoint) is back")) }
        guard old.isHealthy != isHealthy else { return actions }
        if isHealthy { return actions + [.log("\(endpoint) is healthy again")] }
        actions.append(.log("\(endpoint) says that it is not healthy"))
        if hasHealthyMember { actions.append(.disconnect(endpoint, reason: "not healthy, and others are")) }
        return actions
    }

    private mutating func missed(_ endpoint: Endpoint, _ old: Entry, misses: Int, _ what: String) -> [Action] {
        var entry = old
        entry.misses = misses
        if misses >= Self.patience { entry.isAlive = false }
        entries[endpoint] = entry
        guard entry.isAlive == false, old.isAlive == true else { return [] }
        return [.log("\(endpoint) \(what)"), .disconnect(endpoint, reason: what), .refresh] + doubt()
    }

    private var hasHealthyMember: Bool { entries.values.contains { $0.rank == 0 } }

    private mutating func becomeReady() -> [Action] {
        if isReady { return [] }
        isReady = true
        return [.ready]
    }
}
