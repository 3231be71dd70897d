import Etcd
import FleetState
import Logging
import TestKit
import UnitFiles

extension UnitFile {
    /// A service that runs `command`, with lines for `[X-Fleet]`.
    static func service(_ command: String = "/bin/sleep 1d", fleet: [(String, String)] = []) -> UnitFile {
        let exec = UnitOption(section: "Service", name: "ExecStart", value: command)
        return UnitFile(options: [exec] + fleet.map { UnitOption(section: "X-Fleet", name: $0.0, value: $0.1) })
    }
}

extension MachineRecord {
    static func named(_ id: String, _ metadata: [String: String] = [:]) -> MachineRecord {
        MachineRecord(
            id: id,
            primaryIP: "10.0.0.\(id.utf8.last ?? 0)",
            metadata: metadata,
            token: "boot of \(id)",
            leavesOnRequest: true,
        )
    }
}

extension UnitState {
    static func running(_ hash: String = "h") -> UnitState {
        UnitState(loadState: "loaded", activeState: "active", subState: "running", hash: hash, launched: true)
    }
}

extension EtcdError {
    static let noQuorum = EtcdError(.timeout, "etcd has no quorum")
}

extension FleetRegistry {
    /// All keys under the prefix, without it.
    func keys() async throws -> [String] {
        let all = try await etcd.range(RangeRequest(.prefix(keyspace.prefix), keysOnly: true))
        return all.keyValues.map { String($0.key.dropFirst(keyspace.prefix.count)) }
    }
}
