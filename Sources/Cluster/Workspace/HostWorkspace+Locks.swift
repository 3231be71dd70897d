import Basics
import FoundationEssentials
import Planning
import Provisioning
import SystemPackage
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

extension HostWorkspace {
    private var locks: FilePath {
        (substitutes?.home ?? Self.runtimeDirectory(home: home)).appending("locks")
    }

    /// Runs an operation under the cluster's lock: on this host a lock of its kernel, which costs nothing and ends with
    /// its holder, and against others that drive the same libvirt a lease there.
    ///
    /// - Parameters:
    ///   - purpose: the command, for whoever is refused meanwhile.
    ///   - note: called where another holder's lease is waited for or taken over.
    ///   - body: is given the lease, whose ``ClusterLease/check()`` throws as soon as the cluster is no longer this
    ///     program's to change.
    package func changing<Result>(
        _ cluster: ClusterName,
        purpose: String,
        note: @Sendable (String) -> Void,
        _ body: (_ lease: ClusterLease) async throws -> Result,
    ) async throws -> Result {
        let lock = try ClusterLock(cluster: cluster, directory: locks, purpose: purpose)
        defer { withExtendedLifetime(lock) {} }
        let clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
        let wanted = LeaseRecord(
            cluster: cluster.description,
            id: UUID().uuidString.lowercased(),
            holder: "\(try Self.userAtHost()): `\(purpose)`, process \(getpid())",
            lock: "\(try Self.bootID()) \(try lock.identity)",
            time: clock(),
        )
        let lease = try await ClusterLease.take(wanted, from: leases, now: clock, say: note)
        let result: Result
        do {
            result = try await body(lease)
        } catch {
            await giveBack(lease, note: note)
            throw error
        }
        await giveBack(lease, note: note)
        return result
    }

    /// Returns whether a command of this host is changing the cluster now.
    package static func isBeingChanged(_ cluster: ClusterName, home: FilePath) throws -> Bool {
        try ClusterLock.isHeld(cluster: cluster, directory: runtimeDirectory(home: home).appending("locks"))
    }

    /// A lease that stays is taken over later; what was done while it was held is done.
    private func giveBack(_ lease: ClusterLease, note: @Sendable (String) -> Void) async {
        do { try await lease.release() } catch { note("the cluster's lease is not given back: \(error)") }
    }

    /// Keeps all changes to clusters out: an image that nothing lies on yet may be one that a node is being made of.
    package func lockImages(purpose: String) throws -> ClusterLock {
        try ClusterLock(allIn: locks, purpose: purpose)
    }

    /// This host's boot, of which no other host has the like.
    private static func bootID() throws -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let id = try WholeFile.text(of: path)?.trimmed else {
            throw SystemFailure("read \(path)", number: ENOENT)
        }
        return id
    }

    static func userAtHost() throws -> String {
        var system = utsname()
        guard uname(&system) == 0 else { throw SystemFailure("ask for this host's name") }
        let host = withUnsafeBytes(of: system.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let user =
            ProcessInfo.processInfo.environment["SUDO_USER"]
            ?? getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) }
        return "\(user ?? "user \(geteuid())")@\(host)"
    }
}
