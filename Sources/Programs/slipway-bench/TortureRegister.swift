import Etcd
import Foundation
import Synchronization

/// A register in etcd that one client writes and reads all the while. What was confirmed to it must stay true: no
/// acknowledged write is lost, and no read is older than the newest write that was acknowledged before it began.
final class TortureRegister: Sendable {
    private static let key = "torture/register"

    private struct State {
        var endpoints: [String] = []
        var attempted = 0
        var acknowledged = 0
        var writes = 0
        var reads = 0
        var failures = 0
        var faults: [String] = []
    }

    private let state = Mutex(State())

    /// Violations of the promise, for people.
    var faults: [String] { state.withLock { $0.faults } }

    /// Writes that etcd acknowledged, reads that it answered, and what it answered neither to.
    var counts: (writes: Int, reads: Int, failures: Int) {
        state.withLock { ($0.writes, $0.reads, $0.failures) }
    }

    /// The members there are from now on; none while there is no cluster.
    func use(_ endpoints: [String]) { state.withLock { $0.endpoints = endpoints } }

    /// A cluster without anything in it begins.
    func begin(_ endpoints: [String]) {
        state.withLock { ($0.endpoints, $0.attempted, $0.acknowledged) = (endpoints, 0, 0) }
    }

    /// Writes and reads until it is cancelled.
    func run() async throws {
        while true {
            try Task.checkCancellation()
            let (endpoints, number) = state.withLock { state in
                if !state.endpoints.isEmpty { state.attempted += 1 }
                return (state.endpoints, state.attempted)
            }
            if !endpoints.isEmpty { await write(number, EtcdHTTPClient(endpoints: endpoints)) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func write(_ number: Int, _ etcd: EtcdHTTPClient) async {
        do {
            try await etcd.put(Self.key, "\(number)")
            state.withLock { state in
                state.acknowledged = max(state.acknowledged, number)
                state.writes += 1
            }
            try await read(etcd)
        } catch {
            state.withLock { $0.failures += 1 }
        }
    }

    /// Reads once, and judges what is read.
    func read(_ etcd: EtcdHTTPClient) async throws {
        let before = state.withLock { $0.acknowledged }
        let value = try await etcd.range(RangeRequest(.key(Self.key))).keyValues.first?.value
        let number = value.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        state.withLock { state in
            state.reads += 1
            if number < before || number > state.attempted {
                state.faults.append("read \(number) after \(before) was acknowledged, of \(state.attempted) written")
            }
        }
    }
}
