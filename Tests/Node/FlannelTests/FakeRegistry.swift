import Basics
import Synchronization

@testable import Flannel

/// A network's keys in memory, with leases that end by a clock of the test's.
final class FakeRegistry: SubnetRegistry {
    struct Entry {
        var lease: StoredLease
        var end: Duration?
    }

    private struct State {
        var config: String?
        var configVersion: UInt64 = 0
        var version: UInt64 = 1
        var time = Duration.zero
        var entries: [CIDRv4: Entry] = [:]
        var waits: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var nextWait: UInt64 = 0
    }

    private let state = Mutex(State())
    /// True for one that forgets to compare, which the tests have to find.
    let comparesNothing: Bool

    init(config: String? = nil, comparesNothing: Bool = false) {
        self.comparesNothing = comparesNothing
        state.withLock { $0.config = config }
    }

    var leases: [StoredLease] { state.withLock { $0.entries.values.map(\.lease) } }
    var config: String? { state.withLock { $0.config } }

    /// Makes time go by; leases end.
    func advance(_ time: Duration) {
        state.withLock { state in
            state.time += time
            let ended = state.entries.filter { $0.value.end.map { $0 <= state.time } ?? false }.map(\.key)
            for subnet in ended { state.entries[subnet] = nil }
            if !ended.isEmpty { Self.changed(&state) }
        }
    }

    func put(_ lease: StoredLease, for time: Duration? = nil) {
        state.withLock { state in
            var lease = lease
            lease.version = state.version + 1
            state.entries[lease.subnet] = Entry(lease: lease, end: time.map { state.time + $0 })
            Self.changed(&state)
        }
    }

    func remove(_ subnet: CIDRv4) {
        state.withLock { state in
            state.entries[subnet] = nil
            Self.changed(&state)
        }
    }

    private static func changed(_ state: inout State) {
        state.version += 1
        for wait in state.waits.values { wait.yield() }
    }

    // MARK: SubnetRegistry

    func state() async throws -> NetworkState {
        state.withLock { state in
            NetworkState(
                config: state.config,
                configVersion: state.configVersion,
                leases: state.entries.values.map(\.lease),
                position: .v2(state.version),
            )
        }
    }

    func setConfig(_ text: String, over seen: NetworkState) async throws -> Bool {
        state.withLock { state in
            guard state.configVersion == seen.configVersion else { return false }
            state.config = text
            Self.changed(&state)
            state.configVersion = state.version
            return true
        }
    }

    func take(_ subnet: CIDRv4, _ attributes: LeaseAttributes, for time: Duration) async throws -> StoredLease? {
        state.withLock { state in
            guard comparesNothing || state.entries[subnet] == nil else { return nil }
            Self.changed(&state)
            let lease = StoredLease(subnet: subnet, attributes: attributes, version: state.version)
            state.entries[subnet] = Entry(lease: lease, end: state.time + time)
            return lease
        }
    }

    func renew(_ lease: StoredLease, _ attributes: LeaseAttributes, for time: Duration) async throws -> StoredLease? {
        state.withLock { state in
            guard state.entries[lease.subnet]?.lease.version == lease.version else { return nil }
            Self.changed(&state)
            var renewed = lease
            (renewed.attributes, renewed.version) = (attributes, state.version)
            state.entries[lease.subnet] = Entry(lease: renewed, end: lease.isPermanent ? nil : state.time + time)
            return renewed
        }
    }

    func release(_ lease: StoredLease) async throws {
        state.withLock { state in
            guard state.entries[lease.subnet]?.lease.version == lease.version else { return }
            state.entries[lease.subnet] = nil
            Self.changed(&state)
        }
    }

    func change(since position: NetworkState.Position, within limit: Duration) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let id = state.withLock { state in
            state.nextWait += 1
            state.waits[state.nextWait] = continuation
            if position != .v2(state.version) { continuation.yield() }
            return state.nextWait
        }
        _ = await withDeadline(limit) { for await _ in stream { return } }
        state.withLock { $0.waits[id] = nil }
        try Task.checkCancellation()
    }
}
