import Basics
import Etcd
import FleetState
import Logging
import Planning
import TopologyModel

/// What is seen of a cluster at one time.
package struct ClusterLook: Sendable, Equatable {
    /// Nodes, etcd and fleet; of what does not answer now, fleet is as it was last.
    package var observation: Observation
    /// Status of etcd's members that answer, by the name of their node.
    package var members: [String: MemberStatus] = [:]
    /// fleet's state as it was last read; nil where it never was.
    package var fleet: FleetSnapshot?
    /// The command that changes the cluster now; nil where there is none.
    package var lease: LeaseRecord?
    /// False until etcd's members have been asked for the first time.
    package var isAsked: Bool

    package init(
        _ observation: Observation,
        members: [String: MemberStatus] = [:],
        fleet: FleetSnapshot? = nil,
        lease: LeaseRecord? = nil,
        isAsked: Bool = true,
    ) {
        (self.observation, self.members) = (observation, members)
        (self.fleet, self.lease, self.isAsked) = (fleet, lease, isAsked)
    }
}

extension ClusterLook {
    /// ID of the member that was elected last; nil where no member knows of one.
    package var leaderID: MemberID? { newest?.leader }

    /// Term of the last election; nil where no member knows of a leader.
    package var term: UInt64? { newest?.raftTerm }

    /// Name of the leader's node; nil where that is not known.
    package var leader: String? { members.first { $0.value.member == leaderID }?.key }

    private var newest: MemberStatus? { members.values.filter { $0.leader != nil }.max { $0.raftTerm < $1.raftTerm } }
}

/// What is seen of all clusters of a host at one time.
package struct HostLook: Sendable, Equatable {
    /// Clusters that exist, by name.
    package var clusters: [String: ClusterLook] = [:]
    /// Reason why the host cannot be looked at now; the clusters are then as they were last.
    package var trouble: String?

    package init(clusters: [String: ClusterLook] = [:], trouble: String? = nil) {
        (self.clusters, self.trouble) = (clusters, trouble)
    }
}

/// Follows clusters as they change: nodes and the commands that change them by libvirt's events, fleet by its watch on
/// etcd, etcd's members as ``EtcdFollower`` does.
package actor HostFollower {
    /// Ways to the etcd of a cluster.
    package struct Client: Sendable {
        /// To its keys.
        var keys: any EtcdClient
        /// To its members.
        var members: any EtcdCluster
        /// Holds a connection to a member until it ends; false where there is none.
        var hold: @Sendable (_ endpoint: String) async -> Bool

        package init(
            keys: any EtcdClient,
            members: any EtcdCluster,
            hold: @escaping @Sendable (_ endpoint: String) async -> Bool,
        ) {
            (self.keys, self.members, self.hold) = (keys, members, hold)
        }
    }

    /// Client of the etcd of a cluster with these nodes.
    package typealias Clients = @Sendable (_ cluster: String, _ nodes: [ObservedNode]) throws -> Client

    /// Intervals of what no event tells.
    package struct Intervals: Sendable {
        /// Time between two questions to each of etcd's members while all is well.
        package var etcd = Duration.seconds(3)
        /// The same while a node is on its way up or etcd is not well; and the time between two questions to one member,
        /// who leads, while all is well.
        package var unrest = Duration.milliseconds(250)
        /// Time after which trouble of etcd's that stays as it is is no unrest any more.
        package var calming = Duration.seconds(30)
        /// Time after which libvirt is looked at without an event: of networks and directories there are none.
        package var host = Duration.seconds(5)
        /// Time that libvirt is left alone after a look.
        package var rest = Duration.milliseconds(50)
        /// Time between two looks at how far a command has come that changes a cluster.
        package var run = Duration.milliseconds(500)

        package init() {}
    }

    private struct Followed {
        var nodes: [ObservedNode] = []
        var etcd: EtcdObserver.Look?
        var isAsked = false
        var snapshot: FleetSnapshot?
        var fleet: ObservedFleet?
        var lease: LeaseRecord?
        /// What the client of its etcd depends on.
        var reach: Reach?
        var task: Task<Void, Never>?
    }

    private struct Reach: Equatable {
        var endpoints: [String]
        /// Members that cannot answer.
        var silent: [String]
        var certificates: Int?
    }

    private let provider: any Inventory
    private let leases: any LeaseStore
    private let clients: Clients
    private let wanted: Set<String>?
    private let intervals: Intervals
    private var seen = ProviderObservation()
    private var followed: [String: Followed] = [:]
    private var hasSeen = false
    private var trouble: String?
    /// Number of leases that were looked at because they changed.
    private var changedLeases = 0
    private var show: @Sendable (HostLook) -> Void = { _ in }

    /// - Parameter wanted: names of the clusters to follow; nil for all that there are and will be.
    package init(
        provider: any Inventory,
        leases: any LeaseStore,
        wanted: Set<String>? = nil,
        intervals: Intervals = Intervals(),
        clients: @escaping Clients,
    ) {
        (self.provider, self.leases, self.clients) = (provider, leases, clients)
        (self.wanted, self.intervals) = (wanted, intervals)
    }

    /// Follows until the task is cancelled, and calls `show` with the first look and after each change.
    package func run(_ show: @escaping @Sendable (HostLook) -> Void) async {
        self.show = show
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [provider, intervals] in
                // Events end with libvirt's connection; the next one is asked for later.
                while !Task.isCancelled {
                    let changes = await provider.changedDomains()
                    // What has changed before they were listened to has told nobody.
                    wake.yield()
                    for await _ in changes { wake.yield() }
                    do { try await Task.sleep(for: intervals.host) } catch { return }
                }
            }
            group.addTask { [intervals] in
                while true {
                    do { try await Task.sleep(for: intervals.host) } catch { return }
                    wake.yield()
                }
            }
            group.addTask { [weak self, leases, intervals] in
                while !Task.isCancelled {
                    let changes = await leases.changedLeases()
                    wake.yield()
                    for await name in changes { await self?.lookAtRun(of: name) }
                    do { try await Task.sleep(for: intervals.host) } catch { return }
                }
            }
            group.addTask { [weak self, intervals] in
                while true {
                    do { try await Task.sleep(for: intervals.run) } catch { return }
                    await self?.lookAtRuns()
                }
            }
            for await _ in wakes {
                await look()
                do { try await Task.sleep(for: intervals.rest) } catch { break }
            }
            group.cancelAll()
        }
        for one in followed.values { one.task?.cancel() }
        followed = [:]
    }

    // MARK: The host

    private func look() async {
        do {
            let seen = try await provider.observe()
            let names = Set(seen.nodes.map(\.cluster) + seen.networks.compactMap(\.cluster))
                .filter { wanted?.contains($0) ?? true }
            let before = changedLeases
            var held: [String: LeaseRecord] = [:]
            for name in names { held[name] = try await leases.lease(of: name) }
            (self.seen, trouble) = (seen, nil)
            // What was found meanwhile, by an event, is newer.
            let isOld = changedLeases != before
            for (name, gone) in followed where !names.contains(name) {
                gone.task?.cancel()
                followed[name] = nil
            }
            for name in names {
                if !isOld || followed[name] == nil { followed[name, default: Followed()].lease = held[name] }
                follow(name, seen.nodes(of: name))
            }
        } catch is CancellationError {
            return
        } catch {
            trouble = "\(error)"
        }
        hasSeen = true
        publish()
    }

    /// Looks again at the leases that are held: not every libvirt tells of them.
    private func lookAtRuns() async {
        for name in followed.compactMapValues(\.lease).keys { await lookAtRun(of: name) }
    }

    private func lookAtRun(of name: String) async {
        guard let before = followed[name] else { return }
        let now: LeaseRecord?
        // Where libvirt does not answer, the next look at the host says so.
        do { now = try await leases.lease(of: name) } catch { return }
        changedLeases += 1
        guard followed[name]?.lease == before.lease, now != before.lease else { return }
        followed[name]?.lease = now
        publish()
    }

    private func publish() {
        guard hasSeen, !Task.isCancelled else { return }
        show(HostLook(clusters: followed.mapValues(look), trouble: trouble))
    }

    private func look(of one: Followed) -> ClusterLook {
        var provider = seen
        provider.nodes = one.nodes
        let statuses = one.nodes.compactMap { node in
            node.clientURL.flatMap { one.etcd?.statuses[$0] }.map { (node.name, $0) }
        }
        return ClusterLook(
            Observation(provider: provider, etcd: one.etcd?.etcd, fleet: one.fleet),
            members: Dictionary(statuses) { first, _ in first },
            fleet: one.snapshot,
            lease: one.lease,
            isAsked: one.isAsked,
        )
    }

    // MARK: A cluster

    /// Begins to ask a cluster's etcd, or anew where its members have changed.
    private func follow(_ name: String, _ nodes: [ObservedNode]) {
        followed[name]?.nodes = nodes
        let members = nodes.filter { $0.etcd == .member && $0.power == .running }
        let reach = Reach(
            endpoints: members.compactMap(\.clientURL).sorted(),
            silent: EtcdObserver.silentURLs(of: nodes).sorted(),
            certificates: nodes.compactMap(\.certificates?.number).max(),
        )
        guard followed[name]?.reach != reach else { return }
        followed[name]?.task?.cancel()
        followed[name]?.reach = reach
        followed[name]?.task = nil
        guard !reach.endpoints.isEmpty else {
            followed[name]?.etcd = nil
            followed[name]?.isAsked = true
            return
        }
        do {
            let client = try clients(name, nodes)
            let etcd = EtcdFollower(
                client,
                EtcdObserver(client.members, running: reach.endpoints, silent: reach.silent),
                endpoints: reach.endpoints,
                last: followed[name]?.etcd,
                intervals: intervals,
            )
            followed[name]?.task = Task { [weak self, intervals] in
                await withTaskGroup(of: Void.self) { group in
                    let registry = FleetRegistry(etcd: client.keys)
                    let logger = Logger(label: "slipway.fleet") { _ in SwiftLogNoOpLogHandler() }
                    let watch = ClusterWatch(registry, logger: logger)
                    let snapshots = watch.snapshots()
                    group.addTask {
                        // It ends with its task only.
                        do { try await watch.run() } catch {}
                    }
                    group.addTask {
                        for await snapshot in snapshots { await self?.take(snapshot, of: name, by: reach) }
                    }
                    group.addTask {
                        await etcd.run { [weak self] in
                            await self?.hasNodesOnTheirWay(name) ?? false
                        } show: { [weak self] look in
                            await self?.take(look, of: name, by: reach)
                        }
                    }
                    group.addTask {
                        var revision: Int64?
                        while true {
                            do { try await Task.sleep(for: intervals.etcd) } catch { return }
                            revision = Self.refresh(watch, behind: await self?.followed[name]?.etcd, last: revision)
                        }
                    }
                }
            }
        } catch {
            // The next look tries again.
            followed[name]?.reach = nil
            trouble = "etcd of \(name) cannot be asked: \(error)"
        }
    }

    private func hasNodesOnTheirWay(_ name: String) -> Bool {
        followed[name]?.nodes.contains { $0.power == .running && $0.phase != .ready } ?? false
    }

    /// Reads fleet's state anew where the copy stands still while etcd goes on, over two looks: a broken network can make
    /// a watch deaf.
    ///
    /// - Returns: the copy's revision, when it is behind.
    private static func refresh(_ watch: ClusterWatch, behind look: EtcdObserver.Look?, last: Int64?) -> Int64? {
        guard let copy = watch.snapshot?.revision, let newest = look?.statuses.values.map(\.revision).max(),
            newest > copy
        else { return nil }
        guard copy == last else { return copy }
        watch.refresh()
        return nil
    }

    private func take(_ look: EtcdObserver.Look?, of name: String, by reach: Reach) {
        guard let one = followed[name], one.reach == reach, !Task.isCancelled else { return }
        guard one.etcd != look || !one.isAsked else { return }
        followed[name]?.etcd = look
        followed[name]?.isAsked = true
        publish()
    }

    private func take(_ snapshot: FleetSnapshot, of name: String, by reach: Reach) {
        guard let one = followed[name], one.reach == reach, !Task.isCancelled else { return }
        followed[name]?.snapshot = snapshot
        followed[name]?.fleet = RegistryFleet.observed(snapshot)
        publish()
    }
}
