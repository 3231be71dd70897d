import Etcd
import FleetState
import Planning
import Provisioning
import Synchronization

/// Something that has happened, as the page lists it.
package struct DashboardEvent: Sendable, Hashable, Encodable {
    /// Counts up.
    package var number: Int
    /// Seconds since 1970.
    package var time: Double
    /// Name of the cluster.
    package var cluster: String
    /// `network`, `node`, `etcd`, `machine` or `unit`.
    package var subject: String
    /// Name of the subject.
    package var name: String
    /// Node on which a unit is; nil for other subjects.
    package var node: String?
    /// What has happened to it.
    package var text: String
    /// True for what somebody may have to look at.
    package var isTrouble: Bool
}

/// What the pages show.
package struct DashboardState: Sendable, Hashable {
    /// Documents by the name of their cluster.
    package var clusters: [String: ClusterDocument] = [:]
    /// The last events, the oldest first.
    package var events: [DashboardEvent] = []
    /// Reason why the host cannot be looked at now.
    package var trouble: String?
    /// False until the first look.
    package var isKnown = false
}

/// One observation for all pages: it begins with the first and ends a little after the last.
package final class DashboardFeed: Sendable {
    private struct State {
        var state = DashboardState()
        var looks: [String: ClusterLook] = [:]
        var listeners = Listeners<DashboardState>()
        var count = 0
        var last = 0
        var follower: Task<Void, Never>?
        var ending: Task<Void, Never>?
    }

    /// Number of events that are kept.
    package static let mostEvents = 300

    /// Interval at which pages are told what they know already, which shows that both sides are there.
    private static let beat = Duration.seconds(15)

    private let source: any DashboardSource
    private let patience: Duration
    private let now: @Sendable () -> Double
    private let state = Mutex(State())

    /// - Parameters:
    ///   - patience: time for which is still observed when no page is open.
    ///   - now: seconds since 1970.
    package init(
        _ source: any DashboardSource,
        patience: Duration = .seconds(5),
        now: @escaping @Sendable () -> Double,
    ) {
        (self.source, self.patience, self.now) = (source, patience, now)
    }

    deinit {
        state.withLock { state in
            state.follower?.cancel()
            state.ending?.cancel()
        }
    }

    /// True while clusters are observed.
    package var isObserving: Bool { state.withLock { $0.follower != nil } }

    /// Hands `body` what there is to show, and every later state; one who is slow gets the newest.
    package func watching<Result>(_ body: (AsyncStream<DashboardState>) async throws -> Result) async throws -> Result {
        let states = state.withLock { state in
            state.count += 1
            state.ending?.cancel()
            state.ending = nil
            if state.follower == nil { begin(&state) }
            return state.listeners.listen(state.state.isKnown ? state.state : nil)
        }
        defer { leave() }
        return try await body(states)
    }

    /// Begins to observe for a page that is about to be there.
    package func prepare() {
        state.withLock { state in
            guard state.follower == nil else { return }
            begin(&state)
            endLater(&state)
        }
    }

    /// A cluster as it was seen last, for a request of a page; nil where there is none.
    package func look(of cluster: String) -> ClusterLook? { state.withLock { $0.looks[cluster] } }

    private func begin(_ state: inout State) {
        // What was seen before is old: a page gets the first new look.
        state.state.isKnown = false
        // It must not keep alive what ends it.
        let take: @Sendable (HostLook) -> Void = { [weak self] look in self?.take(look) }
        let repeatState: @Sendable () -> Void = { [weak self] in self?.repeatState() }
        state.follower = Task { [source] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await source.follow(take) }
                group.addTask {
                    while true {
                        do { try await Task.sleep(for: Self.beat) } catch { return }
                        repeatState()
                    }
                }
            }
        }
    }

    private func leave() {
        state.withLock { state in
            state.count -= 1
            if state.count == 0 { endLater(&state) }
        }
    }

    private func endLater(_ state: inout State) {
        state.ending = Task { [weak self, patience] in
            do { try await Task.sleep(for: patience) } catch { return }
            self?.end()
        }
    }

    private func end() {
        state.withLock { state in
            guard state.count == 0, !Task.isCancelled else { return }
            state.follower?.cancel()
            state.follower = nil
        }
    }

    private func repeatState() {
        state.withLock { state in
            if state.state.isKnown { state.listeners.tell(state.state) }
        }
    }

    private func take(_ look: HostLook) {
        let time = now()
        state.withLock { state in
            guard state.follower?.isCancelled == false else { return }
            let isFirst = !state.state.isKnown
            for name in Set(look.clusters.keys).union(state.looks.keys).sorted() {
                // Of what happened while nobody watched, nothing is told.
                guard !isFirst else { continue }
                for change in Self.changes(name, from: state.looks[name], to: look.clusters[name]) {
                    state.last += 1
                    state.state.events.append(DashboardEvent(change, number: state.last, time: time, cluster: name))
                }
            }
            state.state.events.removeFirst(max(0, state.state.events.count - Self.mostEvents))
            for (name, cluster) in look.clusters where isFirst || state.looks[name] != cluster {
                state.state.clusters[name] = ClusterDocument(cluster, cluster: name, host: source.host)
            }
            for name in state.state.clusters.keys where look.clusters[name] == nil { state.state.clusters[name] = nil }
            state.looks = look.clusters
            (state.state.trouble, state.state.isKnown) = (look.trouble, true)
            state.listeners.tell(state.state)
        }
    }

    private static func changes(_ name: String, from old: ClusterLook?, to new: ClusterLook?) -> [ClusterChange] {
        let nothing = Observation(provider: .init())
        var (before, now) = (old?.observation ?? nothing, new?.observation ?? nothing)
        // What is heard for the first time has not changed.
        if old?.isAsked != true { before.etcd = now.etcd }
        if new?.isAsked != true { now.etcd = before.etcd }
        var changes = now.changes(since: before, in: name)
        guard let old, let new else { return changes }
        if old.isAsked, let leader = new.leader, leader != old.leader {
            changes.append(ClusterChange(.etcd, leader, "is the leader"))
        }
        if old.lease?.id != new.lease?.id {
            let text = new.lease.map { "is being changed by \($0.holder)" } ?? "is not being changed any more"
            changes.append(ClusterChange(.cluster, name, text))
        }
        return changes
    }
}

extension DashboardEvent {
    fileprivate init(_ change: ClusterChange, number: Int, time: Double, cluster: String) {
        self.init(
            number: number,
            time: time,
            cluster: cluster,
            subject: change.subject.rawValue,
            name: change.name,
            node: change.node,
            text: change.text,
            isTrouble: change.isTrouble,
        )
    }
}
