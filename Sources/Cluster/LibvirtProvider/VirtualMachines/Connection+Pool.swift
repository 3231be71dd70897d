import Images
import Libvirt
import Planning
import Provisioning

/// Slipway's pool as it is there.
enum PoolState: Sendable, Hashable {
    case missing
    /// A pool of that name is someone else's.
    case foreign
    case ready(path: String)
}

/// Slipway's pool in one pass over what there is.
struct SeenPool: Sendable, Hashable {
    var isThere = false
    /// True when a pool of that name is someone else's.
    var isForeign = false
    /// Names of its volumes.
    var volumes: [String] = []

    /// Reason why nothing follows about a disk that is not among the volumes; nil where it is gone. Each disk lies over
    /// an image in the same pool: one that shows no image shows nothing of what was in it.
    var obstacle: StorageObstacle? {
        if isForeign { return .poolAway("storage pool \(Volumes.pool) is not Slipway's") }
        guard isThere else { return .poolAway("storage pool \(Volumes.pool) is not defined") }
        guard volumes.contains(where: Volumes.isImage) else {
            return .poolAway("storage pool \(Volumes.pool) has no image in it, so that its directory may be another's")
        }
        return nil
    }
}

extension Connection {
    /// Finds Slipway's pool, and starts one that exists and is inactive: its volumes are visible only then.
    func poolState() throws(LibvirtError) -> PoolState {
        do {
            let pool = try pool(named: Volumes.pool)
            guard try pool.uuid() == Identity.poolUUID else { return .foreign }
            try pool.startIfNeeded()
            let target = (try? XMLReader.read(try pool.xml()))?.first("target", "path")?.text
            return .ready(path: target ?? Volumes.poolPath)
        } catch {
            guard error.code == .notFound else { throw error }
            return .missing
        }
    }

    /// Slipway's pool, made first if it is not there.
    func ensurePool() throws(LibvirtError) -> PoolState {
        let state = try poolState()
        guard state == .missing else { return state }
        let pool = try definePool(Volumes.poolXML, name: Volumes.pool)
        try pool.setAutostart(true)
        try pool.startIfNeeded()
        return try poolState()
    }

    /// Removes Slipway's pool and its directory, once there are no volumes in it. One that somebody gave another directory
    /// stays, and so does one whose volumes a domain still names: they may only be away.
    func removePoolIfEmpty() throws(LibvirtError) {
        guard case .ready(Volumes.poolPath) = try poolState() else { return }
        let pool = try pool(named: Volumes.pool)
        try pool.refreshIfIdle()
        guard try pool.names().isEmpty else { return }
        var isNamed = false
        try forEachDomain { domain throws(LibvirtError) in
            if try domain.xml(inactive: true).contains("'\(Volumes.poolPath)/") { isNamed = true }
        }
        guard !isNamed else { return }
        do throws(LibvirtError) {
            try pool.destroy()
            try pool.delete()
        } catch {
            // A volume that came meanwhile, or a directory that something else is mounted on: the next command starts the
            // pool again.
            guard error.code != .connectionLost, error.code != .denied else { throw error }
            return
        }
        try pool.undefine()
    }

    /// Calls `body` with Slipway's pool; nil when there is none.
    func ifPool<Value>(
        _ body: (borrowing StoragePool) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value? {
        guard case .ready = try poolState() else { return nil }
        return try body(try pool(named: Volumes.pool))
    }
}

extension StoragePool {
    /// Starts the pool, and makes its directory where that is missing: another call may just have defined the pool. One
    /// that another call started meanwhile is fine.
    fileprivate borrowing func startIfNeeded() throws(LibvirtError) {
        if try isActive() { return }
        do {
            try build()
            try start()
        } catch {
            guard try isActive() else { throw error }
        }
    }

    /// Calls `body` with the volume; nil when there is none.
    borrowing func ifPresent<Value>(
        volume name: String,
        _ body: (borrowing StorageVolume) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value? {
        do {
            return try body(try volume(named: name))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    borrowing func has(_ name: String) throws(LibvirtError) -> Bool {
        try ifPresent(volume: name) { _ throws(LibvirtError) in true } ?? false
    }

    /// Removes a volume; one that is not there is fine.
    borrowing func remove(_ name: String) throws(LibvirtError) {
        _ = try ifPresent(volume: name) { volume throws(LibvirtError) in try volume.delete() }
    }

    borrowing func names() throws(LibvirtError) -> [String] {
        var names: [String] = []
        try forEachVolume { volume throws(LibvirtError) in names.append(volume.name) }
        return names.sorted()
    }

    /// Refreshes libvirt's list of volumes, unless it is busy with one: then the list it has must do.
    borrowing func refreshIfIdle() throws(LibvirtError) {
        do {
            try refresh()
        } catch {
            guard error.code != .connectionLost, error.code != .denied else { throw error }
        }
    }
}
