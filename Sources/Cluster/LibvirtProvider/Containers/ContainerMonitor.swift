import Libvirt
import Logging
import Planning
import Provisioning
import TopologyModel

/// libvirt's connection to the supervisor of a container, `libvirt_lxc`, by which it learns that the container has ended
/// or wants to start anew.
///
/// libvirt 9.0 loses it at times when several containers start at once (measured with six at a time on two busy
/// processors: one of 438): such a container runs, but its reboot never ends, and libvirt takes it for running for ever.
enum ContainerMonitor: Sendable, Hashable {
    /// libvirt hears of the container.
    case watched
    /// The container runs, and libvirt does not hear of it.
    case unwatched
    /// There is no supervisor: the container has ended, whatever libvirt says.
    case ended
    /// libvirt's sockets are not to be seen from here.
    case unknown
}

/// Sockets of libvirt and of containers' supervisors, as the kernel lists those of this network namespace.
struct ContainerSockets: Sendable {
    static let path = "/proc/net/unix"

    private var connected: Set<Substring> = []
    private var listening: Set<Substring> = []
    private var hasDaemon = false

    /// - Parameter list: content of `/proc/net/unix`: number, references, protocol, flags, type, state, inode and path of
    ///   each. State 01 is unconnected, and so of one that listens; 02 is a connection that waits to be accepted, which
    ///   on a busy host takes seconds, and 03 one that was
    ///   (https://man7.org/linux/man-pages/man5/proc_pid_net.5.html).
    init(list: String) {
        for line in list.utf8.split(separator: UInt8(ascii: "\n")) {
            // Of thousands of sockets, few have a path.
            guard let slash = line.lastIndex(of: UInt8(ascii: "/")) else { continue }
            let directory = Substring(line[..<slash])
            let name = Substring(line[line.index(after: slash)...])
            if name == "libvirt-sock" || name == "virtlxcd-sock" { hasDaemon = true }
            guard directory.hasSuffix("/lxc"), name.hasSuffix(".sock") else { continue }
            let words = directory.split(separator: " ")
            guard words.count >= 8 else { continue }
            if words[5] == "01" { listening.insert(name.dropLast(5)) } else { connected.insert(name.dropLast(5)) }
        }
    }

    /// What they say of the container of a domain.
    func monitor(of domain: String) -> ContainerMonitor {
        if connected.contains(domain[...]) { return .watched }
        if listening.contains(domain[...]) { return .unwatched }
        return hasDaemon ? .ended : .unknown
    }
}

extension ContainerBackend {
    /// Time in which libvirt connects to a container's supervisor: mostly it has when the start is over.
    private static let connectLimit = Duration.seconds(3)
    /// Time for which the kernel's list has to say the same: it is not read at one moment, and sockets that come and go
    /// meanwhile hide others.
    private static let confirmLimit = Duration.milliseconds(150)
    /// Time after a start in which libvirt loses the connection, where it does.
    private static let lossLimit = Duration.milliseconds(50)

    /// Starts a container that does not run, until libvirt hears of it.
    ///
    /// - Parameter start: starts it where libvirt does not take it for running, and returns whether it did.
    func start(_ node: NodeReference, by start: () async throws -> Bool) async throws {
        for _ in 0..<3 {
            let isNew = try await start()
            guard try await isLost(node, isNew: isNew) else { return }
            logger.notice(
                "libvirt has lost a container; starting it again",
                metadata: ["domain": "\(node.domainName)"]
            )
            try await driver.destroy(node)
        }
        // It does its work all the same; only its end would not be seen.
        _ = try await start()
    }

    /// Returns whether a container has to be started again: one that has ended, or a new one that libvirt does not hear
    /// of. One that runs already is not stopped for it.
    private func isLost(_ node: NodeReference, isNew: Bool) async throws -> Bool {
        guard isNew else { return try await monitor(of: node, within: Self.confirmLimit) == .ended }
        guard try await monitor(of: node, within: Self.connectLimit) != .unknown else { return false }
        try await Task.sleep(for: Self.lossLimit)
        let monitor = try await monitor(of: node, within: Self.confirmLimit)
        return monitor == .unwatched || monitor == .ended
    }

    /// Returns whether libvirt hears of a container that runs.
    func isWatched(_ node: NodeReference) async throws -> Bool {
        switch try await monitor(of: node, within: Self.confirmLimit) {
        case .watched, .unknown: true
        case .unwatched, .ended: false
        }
    }

    /// What the kernel's list says of a container, once that is good; else what it still says after a while.
    private func monitor(of node: NodeReference, within limit: Duration) async throws -> ContainerMonitor {
        let end = ContinuousClock.now + limit
        while true {
            guard let sockets = try await sockets() else { return .unknown }
            let monitor = sockets.monitor(of: node.domainName)
            guard monitor == .unwatched || monitor == .ended else { return monitor }
            guard ContinuousClock.now < end else {
                guard monitor == .ended, try await isSupervised(node) else { return monitor }
                return .unknown
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Returns whether the process that libvirt takes for a container's supervisor is one.
    private func isSupervised(_ node: NodeReference) async throws -> Bool {
        let id = try await driver.run { connection throws(LibvirtError) in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in domain.id } ?? nil
        }
        guard let id else { return false }
        return try await offPool { ContainerProcess(supervisorPID: id, domain: node.domainName).isSupervised }
    }

    /// Sockets of this host; nil where the containers are not its own.
    private func sockets() async throws -> ContainerSockets? {
        guard try await driver.hasDomainsHere() else { return nil }
        return try await offPool { [storage] in
            try storage.contents(of: ContainerSockets.path).map {
                ContainerSockets(list: String(decoding: $0, as: UTF8.self))
            }
        }
    }

    /// The domains with those as off that libvirt takes for running and whose containers have ended.
    func withoutEnded(_ domains: [SeenDomain]) async throws -> [SeenDomain] {
        let ours = domains.filter { $0.record?.runtime == .container && $0.power != .off }
        var ended = Set(ours.map(\.name))
        let end = ContinuousClock.now + Self.confirmLimit
        while !ended.isEmpty {
            guard let sockets = try await sockets() else { return domains }
            ended = ended.filter { sockets.monitor(of: $0) == .ended }
            guard !ended.isEmpty, ContinuousClock.now < end else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        guard !ended.isEmpty else { return domains }
        let processes = ours.filter { ended.contains($0.name) }.compactMap { domain in
            domain.id.map { ContainerProcess(supervisorPID: $0, domain: domain.name) }
        }
        let supervised = try await offPool { processes.filter(\.isSupervised).map(\.domain) }
        ended.subtract(supervised)
        return domains.map { domain in
            var domain = domain
            if ended.contains(domain.name) { domain.power = .off }
            return domain
        }
    }
}
