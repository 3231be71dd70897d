import NodeBoot
import Planning
import Provisioning
import TopologyModel

/// A provider in memory, which can be made to fail, and to die at any moment of any call.
package actor FakeProvider: ClusterProvider {
    /// A call, as ``calls`` lists it: the protocol's name and what it was about.
    package struct Call: Sendable, Hashable, CustomStringConvertible {
        /// Name of the function.
        package var name: String
        /// Node, network or domain that it was called for.
        package var subject: String

        package init(_ name: String, _ subject: String) {
            self.name = name
            self.subject = subject
        }

        package var description: String { "\(name) \(subject)" }
    }

    /// Thrown by every call from the moment the fake process is killed, until ``revive()``.
    package struct Killed: Error, Sendable, Hashable {
        package init() {}
    }

    struct Node: Sendable {
        var cluster: String
        var name: String
        /// Nil when there is no directory.
        var storage: Storage?
        /// Nil when there is no domain.
        var domain: FakeDomain?
    }

    /// A node's directory: nil inside means that it is half made or half removed.
    struct Storage: Sendable {
        var plan: NodePlan?
        var boot = BootRecord()
        var staged: BootRecord.Entry?
    }

    struct FakeDomain: Sendable {
        var plan: NodePlan
        var phase: NodePhase
        var power: ObservedNode.Power
        var etcd: EtcdHistory
        var autostart: Bool
        /// Bounds by what they bound.
        var bounds: [String: String] = [:]
    }

    /// A node's files in a snapshot.
    struct Copy: Sendable {
        var plan: NodePlan
        var etcd: EtcdHistory
        var disk: String
    }

    struct FakeNetwork: Sendable {
        var plan: NetworkPlan
        var active: Bool
    }

    var nodes: [String: Node] = [:]
    var networks: [String: FakeNetwork] = [:]
    var foreignDomains: Set<String> = []
    var foreignNetworks: [ObservedNetwork] = []
    var hostRoutes: [HostRoute] = []
    var clusterDirectories: Set<String> = []
    /// Number of times that a domain is lost once it has started.
    var losses: [String: Int] = [:]
    /// What nodes have written, by domain name.
    package var disks: [String: String] = [:]
    /// Snapshots that are whole.
    package var kept: [ClusterSnapshot] = []
    /// Snapshots that are being made, or were when that was cut short.
    package var drafts: Set<SnapshotReference> = []
    /// Snapshots that clusters are being put back to.
    package var restoring: Set<SnapshotReference> = []
    /// What nodes had written, by snapshot and node.
    var copies: [SnapshotReference: [String: Copy]] = [:]
    /// What was copied out of a snapshot, by domain name.
    var staged: [String: Copy] = [:]
    /// Time that the copy of a node's files takes.
    var copyTime: Duration?
    private var failures: [Call: [ProviderError]] = [:]
    private var listeners: [Int: AsyncStream<String>.Continuation] = [:]
    private var listenerCount = 0
    private var changeListeners: [AsyncStream<String>.Continuation] = []
    private var stepsToLive: Int?
    private var isKilled = false

    /// Every call that changes something, in order, whether it succeeded or not.
    package private(set) var calls: [Call] = []
    /// How many single changes were made; the moments at which ``kill(afterSteps:)`` can strike.
    package private(set) var steps = 0
    /// Lines that ``evidence(for:lines:)`` returns, by domain name.
    package var consoles: [String: [String]] = [:]
    /// How long nodes take to shut down when they are asked to, by domain name; others do so at once.
    private(set) var stopTimes: [String: Duration] = [:]
    /// Called after each change of a node's power, so that a test can move the rest of its world along.
    private var powerChanged: (@Sendable (_ domain: String, _ isRunning: Bool) async -> Void)?

    /// Lets a node be lost so many times once it has started.
    package func lose(_ node: NodeReference, times: Int) { losses[node.domainName] = times }

    package init() {}
}

// MARK: What a test does to it

extension FakeProvider {
    /// Makes a node take its time to shut down.
    package func setStopTime(_ time: Duration, of domain: String) { stopTimes[domain] = time }
}

extension FakeProvider {
    /// Makes the next call of that name and subject throw; several times for several calls.
    package func fail(_ name: String, _ subject: String, with error: ProviderError) {
        failures[Call(name, subject), default: []].append(error)
    }

    /// Dies when `count` more single changes have been made: a call may be left half done, as by `kill -9`.
    package func kill(afterSteps count: Int) {
        stepsToLive = count
    }

    /// The process is started again: what was done is still done.
    package func revive() {
        stepsToLive = nil
        isKilled = false
    }

    /// Someone else made a domain.
    package func addForeignDomain(_ name: String) {
        foreignDomains.insert(name)
    }

    /// Someone else made a network.
    package func addForeignNetwork(_ network: ObservedNetwork) {
        foreignNetworks.append(network)
    }

    /// Sets the routes of the host.
    package func setHostRoutes(_ routes: [HostRoute]) {
        hostRoutes = routes
    }

    /// Makes the copy of a node's files take its time.
    package func setCopyTime(_ time: Duration) { copyTime = time }

    /// A node writes to its disk.
    package func write(_ text: String, on node: NodeReference) { disks[node.domainName] = text }

    /// Sets the console's lines of a domain.
    package func setConsole(_ lines: [String], of domain: String) {
        consoles[domain] = lines
    }

    /// Sets what happens when a node is started or stopped.
    package func onPowerChange(_ body: @escaping @Sendable (_ domain: String, _ isRunning: Bool) async -> Void) {
        powerChanged = body
    }

    /// The root that a node runs or ran; nil where there is none.
    package func root(of domain: String) -> String? { nodes[domain]?.storage?.boot.booted?.root }

    /// What a node says of its images; nil where there is no such node.
    package func boot(of domain: String) -> BootRecord? { nodes[domain]?.storage?.boot }

    /// The node finds itself well on the image that it runs.
    package func succeed(_ domain: String) { nodes[domain]?.storage?.boot.succeed() }

    /// A node that is not well on its image is out of time: it goes back by itself, by a reboot.
    package func endTrial(of domain: String, because reason: String) async {
        guard nodes[domain]?.storage?.boot.isOnTrial == true else { return }
        nodes[domain]?.storage?.boot.giveUp(at: 1_700_000_000, because: reason)
        await reboot(domain)
    }

    /// True from the moment that the fake process is killed.
    package var isDead: Bool { isKilled }

    /// Someone starts a node that is off, without a call of ours.
    package func bootByHand(_ domain: String) async { await setPower(.running, of: domain) }

    /// The node reboots by itself.
    package func reboot(_ domain: String) async {
        // libvirt tells of a reboot, and not of a domain that stops.
        nodes[domain]?.domain?.power = .off
        await powerChanged?(domain, false)
        await setPower(.running, of: domain)
    }

    /// The node dies: its domain stops, without a call of ours.
    package func crash(_ node: NodeReference) async {
        await setPower(.off, of: node.domainName)
    }

    /// Someone, or the hypervisor, pauses the node.
    package func pause(_ node: NodeReference) async {
        await setPower(.other, of: node.domainName)
    }

    /// Someone removes the domain by hand and leaves the directory.
    package func deleteDomainByHand(_ node: NodeReference) async {
        await setPower(.off, of: node.domainName)
        nodes[node.domainName]?.domain = nil
    }

    /// Someone removes the node's directory by hand.
    package func deleteStorageByHand(_ node: NodeReference) {
        nodes[node.domainName]?.storage = nil
    }

    /// Whether nothing is left: no node, no network, no directory.
    package var isClean: Bool {
        nodes.isEmpty && networks.isEmpty && clusterDirectories.isEmpty && kept.isEmpty && drafts.isEmpty
    }
}

// MARK: How calls are made

extension FakeProvider {
    /// Starts a call that changes something.
    func begin(_ name: String, _ subject: String) throws {
        let call = Call(name, subject)
        if isKilled { throw Killed() }
        calls.append(call)
        guard var waiting = failures[call], !waiting.isEmpty else { return }
        let error = waiting.removeFirst()
        failures[call] = waiting
        throw error
    }

    /// Makes one change, unless the moment to die has come.
    func step(_ change: () -> Void) throws {
        try live()
        steps += 1
        change()
    }

    /// Counts down to the moment to die.
    func live() throws {
        if stepsToLive == 0 { isKilled = true }
        if isKilled { throw Killed() }
        stepsToLive = stepsToLive.map { $0 - 1 }
    }

    /// Throws when the process is dead.
    func checkAlive() throws {
        if isKilled { throw Killed() }
    }

    func setPower(_ power: ObservedNode.Power, of domain: String) async {
        guard let before = nodes[domain]?.domain?.power, before != power else { return }
        nodes[domain]?.domain?.power = power
        if power == .running, before == .off {
            if let staged = nodes[domain]?.storage?.staged { nodes[domain]?.storage?.boot.stage(staged) }
            nodes[domain]?.storage?.staged = nil
            _ = nodes[domain]?.storage?.boot.boot(at: 1_700_000_000)
        }
        if power == .off {
            for listener in listeners.values { listener.yield(domain) }
        }
        tellChange(of: domain)
        await powerChanged?(domain, power == .running)
    }

    func tellChange(of domain: String) {
        for listener in changeListeners { listener.yield(domain) }
    }

    func listenToChanges() -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        changeListeners.append(continuation)
        return stream
    }

    func listen() -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        listenerCount += 1
        listeners[listenerCount] = continuation
        return stream
    }
}
