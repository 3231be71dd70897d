import Systemd

/// A change to a unit's files, and the question whether systemd still holds what was there before.
///
/// A unit that systemd has not loaded is read from the files as they are now. So on most boots nothing has to be
/// reloaded, which costs as much as all the rest.
struct UnitFileEdit: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case fragment, dropIn, masked, unmasked

        /// What a unit's file at a path is.
        init(path: String) {
            self = NodePath.parent(path).hasSuffix(".d") ? .dropIn : .fragment
        }
    }

    var kind: Kind
    var path: String

    var unit: String {
        let name = kind == .dropIn ? NodePath.name(NodePath.parent(path)) : NodePath.name(path)
        return kind == .dropIn ? String(name.dropLast(".d".count)) : name
    }

    func isStale(in manager: any SystemdManager) async throws(SystemdError) -> Bool {
        // A template is no unit; its instances are read when they come.
        if unit.contains("@.") { return false }
        switch kind {
        case .masked:
            return try await manager.unitProperty("LoadState", interface: "Unit", of: unit)
                != .string("masked")
        case .unmasked:
            return try await manager.unitProperty("LoadState", interface: "Unit", of: unit)
                == .string("masked")
        case .dropIn: return try await needsReload(manager)
        case .fragment:
            let fragment = try await manager.unitProperty("FragmentPath", interface: "Unit", of: unit)
            guard fragment == .string(path) else { return true }
            return try await needsReload(manager)
        }
    }

    private func needsReload(_ manager: any SystemdManager) async throws(SystemdError) -> Bool {
        try await manager.unitProperty("NeedDaemonReload", interface: "Unit", of: unit) == .bool(true)
    }
}
