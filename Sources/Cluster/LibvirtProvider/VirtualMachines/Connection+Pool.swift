import Images
import Libvirt
import Planning
import Provisioning

/// Slipway's pool as it is there.
enum PoolState: Sendable, Hashable {
    case missing
    /// A pool of that name is someone else's.
    case foreign
    /// It is defined, and libvirt shows nothing of what is in it.
    case inactive(path: String)
    case ready(path: String)
}

extension Connection {
    /// Finds Slipway's pool, and leaves it as it is.
    func poolState() throws(LibvirtError) -> PoolState {
        do {
            let pool = try pool(named: Volumes.pool)
            guard try pool.uuid() == Identity.poolUUID else { return .foreign }
            let target = (try? XMLReader.read(try pool.xml()))?.first("target", "path")?.text ?? Volumes.poolPath
            return try pool.isActive() ? .ready(path: target) : .inactive(path: target)
        } catch {
            guard error.code == .notFound else { throw error }
            return .missing
        }
    }

    /// Slipway's pool, defined first if it is not there, and started.
    func ensurePool(path: String) throws(LibvirtError) -> PoolState {
        switch try poolState() {
        case .foreign: return .foreign
        case .ready(let path): return .ready(path: path)
        case .inactive: break
        case .missing: try definePool(Volumes.poolXML(path: path), name: Volumes.pool).setAutostart(true)
        }
        try pool(named: Volumes.pool).startIfNeeded()
        return try poolState()
    }

    /// Removes Slipway's pool and its directory, once there are no volumes in it. One that somebody gave another directory
    /// stays, and so does one whose volumes a domain still names: they may only be away.
    func removePoolIfEmpty(path: String) throws(LibvirtError) {
        do throws(LibvirtError) {
            guard case .ready(path) = try poolState() else { return }
            let pool = try pool(named: Volumes.pool)
            try pool.refreshIfIdle()
            guard try pool.names().isEmpty else { return }
            var isNamed = false
            try forEachDomain { domain throws(LibvirtError) in
                if try domain.xml(inactive: true).contains("'\(path)/") { isNamed = true }
            }
            guard !isNamed else { return }
            try pool.destroy()
            do throws(LibvirtError) {
                try pool.delete()
            } catch {
                // A disk is mounted there, or a volume came meanwhile.
                return try pool.startIfNeeded()
            }
            try pool.undefine()
        } catch {
            // Another command that removes the pool or starts it again: it is there or not, and the next one has it as it
            // needs it.
            guard error.code != .connectionLost, error.code != .denied else { throw error }
        }
    }

    /// Calls `body` with Slipway's pool; nil when there is none that runs.
    func ifPool<Value>(
        _ body: (borrowing StoragePool) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value? {
        guard case .ready = try poolState() else { return nil }
        return try body(try pool(named: Volumes.pool))
    }

    /// Calls `body` with Slipway's pool, started first where it is inactive; nil when there is none.
    func ifStartedPool<Value>(
        _ body: (borrowing StoragePool) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value? {
        if case .inactive = try poolState() { try pool(named: Volumes.pool).startIfNeeded() }
        return try ifPool(body)
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

    /// Sizes of nodes' disks among volumes, by name.
    borrowing func diskSizes(_ names: [String]) throws(LibvirtError) -> [String: DiskSize] {
        var sizes: [String: DiskSize] = [:]
        for name in names where Volumes.node(ofVolume: name)?.kind == .disk {
            let seen = try ifPresent(volume: name) { volume throws(LibvirtError) in
                (capacity: try volume.info().capacity, xml: try volume.xml())
            }
            guard let seen else { continue }
            var size = DiskSize(bytes: seen.capacity)
            if let base = (try? XMLReader.read(seen.xml))?.first("backingStore", "path")?.text.split(separator: "/")
                .last
            {
                size.imageBytes = try ifPresent(volume: String(base)) { volume throws(LibvirtError) in
                    try volume.info().capacity
                }
            }
            sizes[name] = size
        }
        return sizes
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
