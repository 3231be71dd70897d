import Basics
import Planning
import TestKit
import TopologyModel
import UnitFiles

/// A cluster that does what plans say, one step after the other, with an etcd that takes changes as etcd 3.4 does; it
/// knows when a step must not be taken.
struct Simulation {
    private(set) var observed: Observation = .nothing
    /// What went against the rules.
    private(set) var faults: [String] = []
    /// Whether members that have lost their majority still say who the members are; those that were restarted do not.
    var answersWithoutMajority = true
    /// Whether learners that run say so; those that were just started do not yet.
    var learnersAnswer = true { didSet { refresh() } }

    /// Whether the nodes' disks show if etcd has a log on them; those of virtual machines do not.
    var showsEtcdLogs = true { didSet { refresh() } }

    private var nodes: [String: ObservedNode] = [:]
    private var etcd = SimulatedEtcd()
    private var units: [String: ObservedFleet.Unit] = [:]
    private var deployed: Set<String> = []
    private var machines: Set<String> = []
    private var networks: [ObservedNetwork] = []
    private var images: Set<ImageDigests> = []
    private var directories: Set<String> = []

    // MARK: Plans

    /// Carries out the first `count` steps, or all, in the plan's own order.
    mutating func apply(_ plan: Plan, first count: Int? = nil) {
        var done: Set<StepID> = []
        for step in plan.steps.prefix(count ?? plan.steps.count) { take(step, of: plan, done: &done) }
        refresh()
    }

    /// Carries out `count` steps in an order that their needs allow.
    mutating func apply(_ plan: Plan, steps count: Int, using random: inout some RandomNumberGenerator) {
        var done: Set<StepID> = []
        var left = plan.steps
        for _ in 0..<count {
            let ready = left.filter { $0.needs.allSatisfy(done.contains) }
            // Where nothing more can end the command fails: it has waited long enough.
            guard let step = ready.filter(canEnd).randomElement(using: &random) else { break }
            left.removeAll { $0.id == step.id }
            take(step, of: plan, done: &done)
        }
        refresh()
    }

    /// Whether what a step waits for has come, so that it is not waiting still.
    private func canEnd(_ step: Step) -> Bool {
        switch step.action {
        case .awaitEtcd(let members): members.allSatisfy { etcd.isHealthy($0.name, nodes) }
        case .awaitQuorum(let members): members.contains { etcd.isHealthy($0.name, nodes) }
        case .awaitNode(let node) where node.etcd == .member: etcd.isHealthy(node.name, nodes)
        case .awaitNode(let node): node.etcd == .none || etcd.hasMajority(nodes)
        // A learner without its data never catches up; where that shows on its disk, no plan may rely on it.
        case .promoteMember(let node, _): !hasForgotten(node.name) || shows(node.name)
        default: true
        }
    }

    private mutating func take(_ step: Step, of plan: Plan, done: inout Set<StepID>) {
        for need in step.needs where !done.contains(need) {
            faults.append("\(step.id) needs \(need), which comes later or never")
        }
        let before = etcd.hasMajority(nodes)
        perform(step, cluster: plan.cluster)
        done.insert(step.id)
        etcd.note(nodes)
        if before, !etcd.hasMajority(nodes) { faults.append("\(step.id): etcd lost its majority") }
        if etcd.isLost(nodes), !etcd.wasLost { faults.append("\(step.id): etcd can never have a majority again") }
        etcd.wasLost = etcd.isLost(nodes)
    }

    // MARK: Accidents

    /// Something happens to a node behind Slipway's back.
    mutating func disturb(_ name: String, _ change: (inout ObservedNode) -> Void) {
        guard var node = nodes[name] else { return }
        change(&node)
        if !node.hasDomain {
            // What was recorded went with the domain; what is left is seen on the disk.
            node.phase = .allocated
            node.etcdHistory = node.etcd != .member ? .unknown : etcd.data[name] == nil ? .never : .joined(nil)
        }
        nodes[name] = node
        if !node.hasStorage { etcd.lose(name) }
        if node.power != .running || !node.hasDomain {
            machines.remove(Identity.machineID(cluster: node.cluster, node: name))
        }
        refresh()
    }

    /// A member's data are broken: its node runs, and etcd does not come up on it.
    mutating func spoil(_ name: String) {
        etcd.lose(name)
        refresh()
    }

    /// A node is gone, with all it had.
    mutating func lose(_ name: String) {
        disturb(name) { $0.power = .off }
        nodes[name] = nil
        etcd.lose(name)
        refresh()
    }

    /// Someone changes what there is beside nodes and etcd.
    mutating func change(_ body: (inout Observation) -> Void) { body(&observed) }

    /// Images that the host has besides those that plans made.
    mutating func addImages(_ others: [ImageDigests]) {
        images.formUnion(others)
        refresh()
    }

    /// Someone else gives fleet a unit.
    mutating func addForeignUnit(_ name: String) {
        units[name] = .init(name: name, hash: "foreign", desiredState: .launched, states: [:])
        refresh()
    }

    /// Whether etcd ever had its majority.
    var hasBeenWhole: Bool { etcd.everWhole }

    /// Whether so many members were lost with all they had that no majority can ever be again.
    var isBeyondRepair: Bool { etcd.isLost(nodes) }

    /// Whether etcd lists the node, and its data of that membership are gone: only a person who looks at it can tell.
    func hasForgotten(_ name: String) -> Bool {
        guard let url = nodes[name]?.peerURL, let member = etcd.members.first(where: { $0.peerURL == url }) else {
            return false
        }
        return member.isStarted && etcd.data[name] != member.id
    }

    // MARK: Steps

    private mutating func perform(_ step: Step, cluster: String) {
        switch step.action {
        case .buildImage(let digests), .fetchImage(let digests, _):
            images.insert(digests)
        case .createNetwork(let network):
            networks = [
                ObservedNetwork(
                    name: network.name,
                    cluster: network.cluster,
                    cidr: network.cidr,
                    mode: network.mode,
                    bridge: network.bridge,
                    active: true,
                )
            ]
        case .createNode(let plan), .reconfigureNode(let plan):
            run(plan, step)
        case .upgradeNode(let upgrade):
            if nodes[upgrade.node.name]?.power != .running { faults.append("\(step.id): the node does not run") }
            run(upgrade.node, step)
            nodes[upgrade.node.name]?.phase = .ready
            if upgrade.node.etcd != .none { machines.insert(upgrade.node.machineID) }
            if upgrade.node.etcd == .member { nodes[upgrade.node.name]?.etcdHistory = .joined(etcd.clusterID) }
        case .startNode(let node):
            if networks.isEmpty { faults.append("\(step.id): there is no network") }
            nodes[node.name]?.power = .running
            machines.insert(Identity.machineID(cluster: cluster, node: node.name))
        case .rebootNode(let plan, _):
            if nodes[plan.name]?.power != .running { faults.append("\(step.id): the node does not run") }
        case .setAutostart(let node, let isOn):
            nodes[node.name]?.autostart = isOn
        case .defineNode(let plan):
            let resources = plan.resources
            let shape = DomainShape(memoryMiB: resources.memoryMiB, cpus: resources.cpus, devices: [])
            nodes[plan.name]?.defined = shape
            nodes[plan.name]?.configDigest = plan.configDigest
            nodes[plan.name]?.configParts = plan.configParts
        case .setMemory(let node, let mebibytes):
            nodes[node.name]?.live?.memoryMiB = mebibytes
        case .releaseReboot, .stageNode:
            break
        case .awaitEtcd(let wanted):
            for member in wanted {
                if !etcd.isHealthy(member.name, nodes) {
                    faults.append("\(step.id): \(member.name) never gets healthy")
                }
            }
        case .awaitQuorum(let members):
            if !members.contains(where: { etcd.isHealthy($0.name, nodes) }) {
                faults.append("\(step.id): none of its members gets healthy")
            }
        case .addMember(let plan, let endpoints):
            note(etcd.add(plan.peerURL, endpoints, nodes), step)
        case .promoteMember(let plan, let endpoints):
            note(etcd.promote(plan.peerURL, endpoints, nodes), step)
        case .removeMember(_, let url, let endpoints):
            note(etcd.remove(url, endpoints, nodes), step)
        case .awaitNode(let plan):
            if nodes[plan.name]?.power != .running { faults.append("\(step.id): the node does not run") }
            if plan.etcd != .none, !etcd.hasMajority(nodes) { faults.append("\(step.id): etcd has no majority") }
            nodes[plan.name]?.phase = .ready
            // A fleetd that was asked to leave is started again.
            if plan.etcd != .none { machines.insert(plan.machineID) }
            if plan.etcd == .member { nodes[plan.name]?.etcdHistory = .joined(etcd.clusterID) }
        case .drainMachines(let ids):
            if !ids.isSubset(of: machines) { faults.append("\(step.id): some of its machines are not in fleet") }
        case .leaveFleet(_, let id, _):
            machines.remove(id)
        case .removeNode(let node):
            let gone = nodes[node.name]
            if gone?.phase == .leaving, case .forming? = gone?.etcdHistory, etcd.isOnlyData(of: node.name) {
                // Its `down` was cut short, and no run ever saw its cluster come up: nothing was kept in it yet.
                etcd.giveUp(node.name)
            } else {
                note(etcd.destroy(node.name), step)
            }
            nodes[node.name] = nil
        case .deployUnit(let unit):
            units[unit.name] = .init(name: unit.name, hash: unit.hash, desiredState: unit.desiredState, states: [:])
            deployed.insert(unit.name)
        case .destroyUnit(let name):
            units[name] = nil
            deployed.remove(name)
        case .awaitUnits(let wanted):
            deployed.formUnion(wanted.map(\.name))
            for unit in wanted {
                let places = unit.everywhere ?? machines.min().map { [$0] } ?? []
                units[unit.name]?.states = Dictionary(places.map { ($0, "active") }) { first, _ in first }
            }
        case .removeNetwork:
            networks = []
        case .restore, .snapshot:
            faults.append("\(step.id): nothing is restored here")
        case .removeRemains:
            directories = []
        }
    }

    private mutating func note(_ problem: String?, _ step: Step) {
        if let problem { faults.append("\(step.id): \(problem)") }
    }

    private mutating func run(_ plan: NodePlan, _ step: Step) {
        if networks.isEmpty { faults.append("\(step.id): there is no network") }
        if !images.contains(plan.image) { faults.append("\(step.id): there is no image") }
        let present = nodes[plan.name]
        // A member that came up again without its data, during a formation that was cut short, fails as it did before.
        let failedBefore = present?.hasDomain == true && hasForgotten(plan.name)
        if let present, present.hasStorage, present.baseDigest != plan.baseDigest {
            faults.append("\(step.id): its storage is another's")
        }
        var node = ObservedNode(plan, phase: .started)
        if let present { node.etcdHistory = present.etcdHistory.keeping(over: plan.etcdHistory, phase: present.phase) }
        nodes[plan.name] = node
        directories.insert(plan.cluster)
        if plan.etcd == .member, !failedBefore { note(etcd.start(plan, nodes), step) }
        if plan.etcd != .none { machines.insert(plan.machineID) }
    }

    // MARK: What is seen

    /// The node with what its disk shows of etcd.
    private func seen(_ node: ObservedNode) -> ObservedNode {
        var node = node
        if node.hasStorage, hasForgotten(node.name), shows(node.name) { node.lacksEtcdLog = true }
        return node
    }

    /// Whether a node's disk shows if etcd has a log on it.
    private func shows(_ name: String) -> Bool {
        guard showsEtcdLogs, let node = nodes[name] else { return false }
        return node.etcd == .member && node.runtime == .container
    }

    private mutating func refresh() {
        let etcd = etcd.observed(
            nodes,
            answersWithoutMajority: answersWithoutMajority,
            learnersAnswer: learnersAnswer,
        )
        observed = Observation(
            provider: ProviderObservation(
                nodes: nodes.values.map(seen).sorted { $0.name < $1.name },
                networks: networks,
                emptyClusterDirectories: nodes.isEmpty ? directories.sorted() : [],
            ),
            etcd: etcd,
            fleet: etcd?.hasQuorum == true ? ObservedFleet(machines: machines, units: units, deployed: deployed) : nil,
            images: images,
        )
    }
}
