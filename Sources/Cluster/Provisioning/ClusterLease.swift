import Synchronization

/// The right to change a cluster, kept in libvirt, so that it excludes those on other hosts too who drive the same
/// libvirt.
///
/// It is renewed for as long as it is held. One that is not renewed is taken over: its holder was killed, or is cut
/// off, and then finds out before the next step of its plan.
package final class ClusterLease: Sendable {
    /// Intervals of a lease. A lease that was renewed within ``patience`` is not taken over, and a holder that could
    /// not renew its lease for so long gives it up by itself: it does not resume while another takes over.
    package struct Timing: Sendable {
        /// Interval at which the holder renews the lease.
        package var renewal: Duration = .seconds(5)
        /// A lease that was renewed so long ago is renewed before a step begins.
        package var freshness: Duration = .seconds(12)
        /// Time that a lease lasts without a renewal.
        package var patience: Duration = .seconds(20)
        /// Time for which a lease that may be stale is watched for a renewal: clocks of hosts differ.
        package var watch: Duration = .seconds(25)
        /// Time between two times that the holder tells how far it is.
        package var telling: Duration = .milliseconds(500)

        package init() {}
    }

    private struct State {
        var record: LeaseRecord
        var renewed: ContinuousClock.Instant
        var isLost = false
        var tasks: [Task<Void, Never>] = []
    }

    private let store: any LeaseStore
    private let timing: Timing
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    private init(_ record: LeaseRecord, store: any LeaseStore, timing: Timing, now: @escaping @Sendable () -> Int64) {
        self.store = store
        self.timing = timing
        self.now = now
        state = Mutex(State(record: record, renewed: .now))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Takes the lease of a cluster.
    ///
    /// - Parameters:
    ///   - wanted: the lease; its time is that of this call.
    ///   - now: seconds since 1970.
    ///   - say: called where another holder's lease is waited for or taken over.
    /// - Throws: ``ProvisioningError`` that names the holder, where there is one.
    package static func take(
        _ wanted: LeaseRecord,
        from store: any LeaseStore,
        timing: Timing = Timing(),
        now: @escaping @Sendable () -> Int64,
        say: @Sendable (String) -> Void,
    ) async throws -> ClusterLease {
        while true {
            var wanted = wanted
            wanted.time = now()
            if try await store.create(wanted) {
                let lease = ClusterLease(wanted, store: store, timing: timing, now: now)
                lease.startRenewing()
                return lease
            }
            // One that was given back meanwhile.
            guard let other = try await store.lease(of: wanted.cluster) else { continue }
            try await outlive(other, wanted: wanted, store: store, timing: timing, now: now, say: say)
            try await store.remove(other)
        }
    }

    /// Returns when the lease's holder is gone.
    private static func outlive(
        _ other: LeaseRecord,
        wanted: LeaseRecord,
        store: any LeaseStore,
        timing: Timing,
        now: @escaping @Sendable () -> Int64,
        say: @Sendable (String) -> Void,
    ) async throws {
        // This process has the lock that the holder had, so the holder has ended.
        if other.lock == wanted.lock { return }
        let age = Duration.seconds(now() - other.time)
        // Within reason, clocks may differ: what seems to be of the future is watched, too.
        guard age >= timing.patience || age < .zero - timing.patience else { throw refusal(other, age: age, timing) }
        say("cluster '\(other.cluster)' was left by \(other.holder), it seems: waiting whether it is still at work")
        let end = ContinuousClock.now + timing.watch
        while ContinuousClock.now < end {
            try await Task.sleep(for: min(timing.renewal / 4, end - .now))
            guard let seen = try await store.lease(of: other.cluster), seen.id == other.id else { return }
            guard seen.renewals == other.renewals else { throw refusal(seen, age: .zero, timing) }
        }
        say("taking over cluster '\(other.cluster)' from \(other.holder), which is gone")
    }

    private static func refusal(_ other: LeaseRecord, age: Duration, _ timing: Timing) -> ProvisioningError {
        let ago = max(age, .zero).components.seconds
        return ProvisioningError(
            "cluster '\(other.cluster)' is being changed by \(other.holder) (renewed \(ago) s ago)",
            hints: [
                "wait until it is done, or stop it with Ctrl-C where it runs; then run this again",
                "where it was killed, this takes over "
                    + "\((timing.patience + timing.watch).components.seconds) s after that",
            ],
        )
    }

    // MARK: Holding it

    private func startRenewing() {
        let ticker = Task { [wake, timing] in
            while true {
                do { try await Task.sleep(for: timing.renewal) } catch { return }
                wake.yield()
            }
        }
        let renewer = Task { [weak self, wakes, timing] in
            for await _ in wakes {
                guard let self else { return }
                // Where libvirt does not answer, the next step finds out what keeps it.
                do { try await renew() } catch {}
                if state.withLock({ $0.isLost }) { return }
                do { try await Task.sleep(for: min(timing.telling, timing.renewal)) } catch { return }
            }
        }
        state.withLock { $0.tasks = [ticker, renewer] }
    }

    /// Tells others how far the holder has come, soon.
    package func tell(_ progress: RunProgress) {
        state.withLock { $0.record.progress = progress }
        wake.yield()
    }

    private func renew() async throws {
        let next = state.withLock { state -> LeaseRecord? in
            if state.renewed.duration(to: .now) >= timing.patience { state.isLost = true }
            guard !state.isLost else { return nil }
            state.record.renewals += 1
            state.record.time = now()
            return state.record
        }
        guard let next else { return }
        let begun = ContinuousClock.now
        let isHeld = try await store.renew(next)
        state.withLock { state in
            if isHeld { state.renewed = max(state.renewed, begun) } else { state.isLost = true }
        }
    }

    /// Checks that the lease is still held, before something is changed.
    ///
    /// - Throws: ``ProvisioningError`` when it is not; what keeps libvirt from renewing it.
    package func check() async throws {
        let (isLost, age) = state.withLock { ($0.isLost, $0.renewed.duration(to: .now)) }
        if !isLost, age < timing.freshness { return }
        if !isLost { try await renew() }
        guard state.withLock({ $0.isLost }) else { return }
        let record = state.withLock { $0.record }
        let other = try await store.lease(of: record.cluster)
        let reason = other.flatMap { $0.id == record.id ? nil : "\($0.holder) has taken it over" }
        throw ProvisioningError(
            "cluster '\(record.cluster)' is no longer this command's to change: "
                + (reason ?? "its lease was not renewed for \(timing.patience.components.seconds) s"),
            hints: ["see how far it came: slipway status \(record.cluster); then run the same command again"],
        )
    }

    /// Gives the lease back.
    package func release() async throws {
        let (tasks, record) = state.withLock { ($0.tasks, $0.record) }
        for task in tasks {
            task.cancel()
            await task.value
        }
        try await store.remove(record)
    }
}
