import Libvirt
import Planning
import Provisioning
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Slipway's pool in one pass over what there is.
struct SeenPool: Sendable, Hashable {
    /// True where it is defined and runs.
    var isThere = false
    /// True when a pool of that name is someone else's.
    var isForeign = false
    /// True where it is defined and does not run.
    var isInactive = false
    /// Names of its volumes; of a pool that libvirt shows nothing of, of the files in its directory.
    var volumes: [String] = []
    /// Sizes of nodes' disks, by name.
    var disks: [String: DiskSize] = [:]

    /// Reason why nothing follows about a disk that is not among the volumes; nil where it is gone. Each disk lies over
    /// an image in the same pool: one that shows no image shows nothing of what was in it.
    var obstacle: StorageObstacle? {
        if isForeign { return .poolAway("storage pool \(Volumes.pool) is not Slipway's") }
        if isInactive { return .poolAway("storage pool \(Volumes.pool) is inactive") }
        guard isThere else { return .poolAway("storage pool \(Volumes.pool) is not defined") }
        guard volumes.contains(where: Volumes.isImage) else {
            return .poolAway("storage pool \(Volumes.pool) has no image in it, so that its directory may be another's")
        }
        return nil
    }

    /// What is wrong with it, for people; nil where it runs, or was never needed.
    var fault: String? {
        if isInactive { return "storage pool \(Volumes.pool) is inactive" }
        guard !isThere, !isForeign else { return nil }
        let names = Set(volumes.compactMap { Volumes.node(ofVolume: $0)?.node.domainName }).sorted()
        guard !names.isEmpty else { return nil }
        return "libvirt has lost its storage pool \(Volumes.pool), which has the disks of "
            + names.joined(separator: ", ")
    }
}

extension VirtualMachineBackend {
    /// Slipway's pool with its volumes. Of one that libvirt does not show, its directory on this host is read.
    func seenPool() async throws -> SeenPool {
        let (state, seen) = try await driver.run { connection throws(LibvirtError) in
            let state = try connection.poolState()
            guard case .ready = state else { return (state, SeenPool(isForeign: state == .foreign)) }
            let pool = try connection.pool(named: Volumes.pool)
            try pool.refreshIfIdle()
            let names = try pool.names()
            return (state, SeenPool(isThere: true, volumes: names, disks: try pool.diskSizes(names)))
        }
        switch state {
        case .ready:
            unseenDisks.names.withLock { $0 = [] }
            return seen
        case .foreign: return seen
        case .inactive(let path): return SeenPool(isInactive: true, volumes: try await files(in: path))
        case .missing: return SeenPool(volumes: try await files(in: poolDirectory))
        }
    }

    /// Returns whether this user cannot see what is in the pool's directory but through libvirt: it is another host's, or
    /// only root may read it.
    func hidesFiles(in path: String) -> Bool {
        driver.uris.isRemote || (access(path, R_OK) != 0 && errno == EACCES)
    }

    /// Names of files in the pool's directory; none where they cannot be seen.
    private func files(in path: String) async throws -> [String] {
        if hidesFiles(in: path) { return [] }
        return try await offPool { [storage] in try storage.names(in: path) }
    }
}

/// Disks of nodes that came to light when libvirt's pool was defined or started, after all had been observed.
final class UnseenDisks: Sendable {
    /// Names of their domains.
    let names = Mutex<Set<String>>([])
}
