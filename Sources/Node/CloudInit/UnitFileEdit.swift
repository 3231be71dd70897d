import Systemd

/// A change to a unit's files, and the question whether systemd still holds what was there before.
///
/// A unit that systemd has not loaded is read from the files as they are now. So on most boots nothing has to be
/// reloaded, which costs as much as all the rest.
struct UnitFileEdit: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case fragment, dropIn, masked, unmasked

        /// Reads the kind of a unit's file at a path.
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

    /// - Parameter isThere: whether there is a file at the path now.
    func isStale(in manager: any SystemdManager, isThere: Bool) async throws(SystemdError) -> Bool {
        if unit.contains("@.") { return try await hasLoadedInstances(manager) }
        // `service.d` and `web-.service.d` are for many units.
        if kind == .dropIn, !unit.contains(".") || unit.contains("-.") { return true }
        switch kind {
        case .masked:
            return try await manager.unitProperty("LoadState", interface: "Unit", of: unit)
                != .string("masked")
        case .unmasked:
            return try await manager.unitProperty("LoadState", interface: "Unit", of: unit)
                == .string("masked")
        case .dropIn:
            // systemd looks for new drop-ins only in directories that it knows, and so misses that a reload is needed.
            let paths = try await manager.unitProperty("DropInPaths", interface: "Unit", of: unit)
            var isKnown = false
            if case .strings(let paths) = paths { isKnown = paths.contains(path) }
            guard isKnown == isThere else { return true }
            return try await needsReload(manager)
        case .fragment:
            let fragment = try await manager.unitProperty("FragmentPath", interface: "Unit", of: unit)
            guard fragment == .string(path) else { return true }
            return try await needsReload(manager)
        }
    }

    /// A template is no unit; its instances are read when they come.
    private func hasLoadedInstances(_ manager: any SystemdManager) async throws(SystemdError) -> Bool {
        let pattern = unit.replacing("@.", with: "@*.")
        return try await !manager.listUnits(matching: [pattern]).isEmpty
    }

    private func needsReload(_ manager: any SystemdManager) async throws(SystemdError) -> Bool {
        try await manager.unitProperty("NeedDaemonReload", interface: "Unit", of: unit) == .bool(true)
    }
}
