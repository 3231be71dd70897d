import Basics
import Diagnostics
import Foundation
import Planning
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// Random clusters, as earlier runs and accidents left them, and random topologies for them: every plan passes the
/// checker, is cut short wherever that may be in whatever order its needs allow, and the next plans bring the cluster
/// to what the topology says, or say truly why they cannot.
@Suite struct QuorumSafetyTests {
    private static let inputs = {
        var inputs = Fixture.inputs
        inputs.rendering = .none
        return inputs
    }()

    /// A unit that runs on every machine.
    private static let everywhere: UnitDeployment = {
        do {
            let file = try UnitFile(parsing: "[Service]\nExecStart=/bin/true\n\n[X-Fleet]\nGlobal=true\n")
            return UnitDeployment(name: "all.service", file: "all.service", unit: file)
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    private func plan(
        _ topology: Topology,
        _ observed: Observation,
        _ replaced: Set<String>
    ) throws(DiagnosticsError) -> Plan {
        var inputs = Self.inputs
        inputs.replaced = replaced
        return try Planner(topology: topology, inputs: inputs).plan(from: observed)
    }

    /// Seeds of the histories; `SLIPWAY_HISTORIES` is how many, or a range of them as `FIRST-LAST`.
    private static let seeds: [UInt64] = {
        let wanted = ProcessInfo.processInfo.environment["SLIPWAY_HISTORIES"] ?? "200"
        let bounds = wanted.split(separator: "-").compactMap { UInt64($0) }
        return bounds.count == 2 ? Array(bounds[0]...bounds[1]) : Array(0..<(bounds.first ?? 0))
    }()

    @Test func everyHistoryIsSafe() async throws {
        for seed in Self.seeds {
            // Tests that wait for something get their turn.
            await Task.yield()
            var history = History(seed: seed)
            try history.run(plan)
            guard !history.faults.isEmpty else { continue }
            Issue.record("seed \(seed): \((history.faults + history.story).joined(separator: "\n"))")
        }
    }

    /// One cluster's life: five topologies one after the other, each reached or cut short.
    private struct History {
        /// What happened so far.
        var story: [String] = []
        var random: SeededGenerator
        var cluster = Simulation()
        var topology = Fixture.topology(members: 1, workers: 0)
        var faults: [String] = []

        init(seed: UInt64) { random = SeededGenerator(seed: seed) }

        mutating func run(_ plan: (Topology, Observation, Set<String>) throws(DiagnosticsError) -> Plan) throws {
            topology = someTopology()
            for _ in 0..<5 {
                try step(plan)
                guard faults.isEmpty, !cluster.isBeyondRepair else { return }
                if Bool.random(using: &random) { topology = someTopology() } else { happen() }
                guard !cluster.isBeyondRepair else { return }
            }
            guard !cluster.isBeyondRepair else { return }
            try converge(plan)
        }

        /// One command, which may be cut short.
        private mutating func step(_ plan: (Topology, Observation, Set<String>) throws(DiagnosticsError) -> Plan) throws
        {
            cluster.answersWithoutMajority = Bool.random(using: &random)
            cluster.learnersAnswer = Bool.random(using: &random)
            let next: Plan
            let replaced = someReplaced()
            do { next = try plan(topology, cluster.observed, replaced) } catch { return judge(error) }
            if !replaced.isEmpty { story.append("replacing \(replaced.sorted())") }
            let whole = next.steps.count
            tell(next)
            faults += unitsAwaitedNowhere(next) + repairs(next, replaced) + votersMissing(after: next)
            cluster.apply(
                next,
                steps: Bool.random(using: &random) ? whole : .random(in: 0...whole, using: &random),
                using: &random
            )
            faults += cluster.faults
        }

        /// The command, as often as it says that there is more to do.
        private mutating func converge(_ plan: (Topology, Observation, Set<String>) throws(DiagnosticsError) -> Plan)
            throws
        {
            cluster.answersWithoutMajority = true
            cluster.learnersAnswer = true
            var last: Plan?
            for _ in 0..<6 {
                let next: Plan
                do { next = try plan(topology, cluster.observed, []) } catch { return judge(error) }
                if next.isEmpty { return faults += unrepaired(next) }
                tell(next)
                last = next
                faults += unitsAwaitedNowhere(next) + repairs(next, []) + votersMissing(after: next)
                cluster.apply(next, steps: next.steps.count, using: &random)
                faults += cluster.faults
                guard faults.isEmpty else { return }
            }
            // What it waits for in vain it must name: a member without its data, or one that the file does not ask for.
            let isForgotten = cluster.observed.provider.nodes.contains { cluster.hasForgotten($0.name) && $0.hasDomain }
            let isNamed =
                last?.warnings.contains {
                    $0.message.contains("the file does not ask for it") || $0.message.contains("was being removed")
                } == true
            if !isForgotten, !isNamed { faults.append("it does not come to an end") }
        }

        /// Nodes that are lost are replaced one in a plan where the file says so, and otherwise by name only; and never a
        /// member of which the others have no majority.
        private func repairs(_ plan: Plan, _ replaced: Set<String>) -> [String] {
            guard isKnownToHaveBeenWhole, plan.purpose == .converge else { return [] }
            let etcd = cluster.observed.etcd
            let wanted = Set(
                topology.roles.flatMap { role in (1...role.count).map { "\(role.name)-\($0)" } }
            )
            let there = cluster.observed.provider.nodes.filter { node in
                let member = node.peerURL.flatMap { etcd?.member(peerURL: $0) }
                return !isJoining(member) && NodeLoss(node, member: member) != nil
            }.map(\.name)
            let gone = plan.steps.compactMap { step -> String? in
                guard case .createNode(let node) = step.action, let member = etcd?.member(peerURL: node.peerURL),
                    !isJoining(member), !cluster.observed.provider.nodes.contains(where: { $0.name == node.name })
                else { return nil }
                return node.name
            }
            let made = Set(plan.madeNodes + plan.removedNodes).intersection(wanted)
            let repaired = made.intersection(there + gone).subtracting(replaced)
            var found: [String] = []
            if repaired.count > (topology.repair == .automatic ? 1 : 0) {
                found.append("\(repaired.sorted()) are replaced, and the file says \(topology.repair)")
            }
            if !made.isDisjoint(with: plan.lost.map(\.name)) { found.append("what is replaced is called lost") }
            let members = repaired.filter { name in plan.nodes.contains { $0.name == name && $0.etcd == .member } }
            if !members.isEmpty, etcd?.hasQuorum != true { found.append("\(members) replaced without a majority") }
            return found
        }

        /// A plan that is carried out wholly leaves etcd as many voters as were well before, or as the file asks for where
        /// those are fewer.
        private func votersMissing(after plan: Plan) -> [String] {
            guard let etcd = cluster.observed.etcd, etcd.hasQuorum else { return [] }
            var after = cluster
            after.apply(plan)
            // One that waits for a member in vain goes no further.
            guard after.faults == cluster.faults else { return [] }
            let wanted = topology.roles.filter { $0.etcd == .member }.reduce(0) { $0 + $1.count }
            let left = after.observed.etcd?.voters.count ?? 0
            guard left < min(wanted, etcd.healthyCount) else { return [] }
            return ["of \(etcd.healthyCount) voters that are well \(left) are left, and the file asks for \(wanted)"]
        }

        /// Whether etcd or the record of any node tells that there was a majority once. Until then the first command is
        /// at work, or one that goes on with it: it has nothing to repair, whatever has become of the nodes meanwhile.
        private var isKnownToHaveBeenWhole: Bool {
            cluster.observed.etcd != nil
                || cluster.observed.provider.nodes.contains { node in
                    guard node.etcd == .member, node.phase > .defined || !node.hasDomain else { return false }
                    if case .forming = node.etcdHistory { return false }
                    return true
                }
        }

        /// Whether a member is announced and has never voted, so that an earlier command did not end with it: going on
        /// with that is no repair.
        private func isJoining(_ member: ObservedEtcd.Member?) -> Bool {
            member.map { $0.learner || !$0.started } ?? false
        }

        /// Where nothing is left to do, what is lost still is so because the file says so, or etcd needs it.
        private func unrepaired(_ plan: Plan) -> [String] {
            guard topology.repair == .automatic else { return [] }
            return plan.lost.filter { lost in
                let node = cluster.observed.provider.nodes.first { $0.name == lost.name }
                guard let url = node?.peerURL, let etcd = cluster.observed.etcd, etcd.member(peerURL: url) != nil else {
                    return true
                }
                let others = etcd.voters.filter { !$0.peerURLs.contains(url) }
                return !others.isEmpty && others.filter(\.healthy).count >= others.count / 2 + 1
            }.map { "\($0.name) is lost, and never replaced" }
        }

        /// Global units are awaited on nodes that are there by then, or the command waits in vain.
        private func unitsAwaitedNowhere(_ plan: Plan) -> [String] {
            var there = Set(cluster.observed.provider.nodes.filter(\.hasDomain).map(\.name))
            var awaited: Set<String> = []
            for step in plan.steps {
                switch step.action {
                case .createNode(let node): there.insert(node.name)
                case .removeNode(let node): there.remove(node.name)
                case .awaitUnits(let units): awaited.formUnion(units.flatMap { $0.everywhere ?? [] })
                default: break
                }
            }
            let machines = Set(there.map { Identity.machineID(cluster: plan.cluster, node: $0) })
            return awaited.subtracting(machines).isEmpty ? [] : ["units are awaited on nodes that are not there"]
        }

        /// A refusal must be true.
        private mutating func judge(_ error: DiagnosticsError) {
            let text = error.diagnostics.map(\.message).joined(separator: "; ")
            let wanted = topology.roles.filter { $0.etcd == .member }
            let isOnlyMember = text.contains("is etcd's only member") && (cluster.observed.etcd?.voters.count ?? 0) == 1
            let cannotVote = text.contains("cannot get one") && cluster.observed.etcd?.hasQuorum != true
            let isUnfinished = text.contains("was started") && cluster.observed.etcd == nil
            let isToReplace =
                topology.repair == .propose
                && (text + error.diagnostics.flatMap(\.notes).joined()).contains("lost for good")
            guard isOnlyMember || cannotVote || isUnfinished || isToReplace else {
                describe()
                faults.append("refused (\(wanted.map { "\($0.name): \($0.count)" })): \(text)")
                return
            }
        }

        private mutating func tell(_ plan: Plan) {
            describe()
            story.append(plan.outline)
        }

        private mutating func describe() {
            let roles = topology.roles.map { "\($0.name) \($0.count) \($0.etcd)" }
            let nodes = cluster.observed.provider.nodes.map {
                "\($0.name): \($0.etcd), \($0.power), \($0.phase), \($0.etcdHistory), domain \($0.hasDomain), "
                    + "storage \($0.hasStorage)"
            }
            let members = cluster.observed.etcd?.members.map {
                "etcd: \($0.peerURLs) \($0.name) started \($0.started) healthy \($0.healthy) learner \($0.learner)"
            }
            let machines = cluster.observed.fleet?.machines.sorted().joined(separator: " ") ?? "none"
            story += [roles.joined(separator: ", ")] + nodes + (members ?? []) + ["machines \(machines)"]
        }

        private mutating func someTopology() -> Topology {
            var topology = Fixture.topology(members: 1, workers: 0)
            let roles: [(String, EtcdRole)] = [
                ("central", .member), ("core", .member), ("extra", .proxy), ("worker", .proxy),
            ]
            topology.roles = roles.compactMap { name, usual in
                let part: EtcdRole =
                    Int.random(in: 0..<4, using: &random) == 0 ? (usual == .member ? .proxy : .member) : usual
                let count = Int.random(in: 0...3, using: &random)
                return count == 0 ? nil : Role(name: name, count: count, etcd: part)
            }
            if !topology.roles.contains(where: { $0.etcd == .member }) {
                topology.roles.removeAll { $0.name == "central" }
                topology.roles.insert(Role(name: "central", count: 1, etcd: .member), at: 0)
            }
            topology.units = [QuorumSafetyTests.everywhere]
            topology.repair = Bool.random(using: &random) ? .automatic : .propose
            for index in topology.roles.indices where Int.random(in: 0..<6, using: &random) == 0 {
                topology.roles[index].resources.memoryMiB = 768
            }
            for index in topology.roles.indices where Int.random(in: 0..<8, using: &random) == 0 {
                topology.roles[index].runtime = .vm
            }
            return topology
        }

        /// Nodes that a command is to make anew: mostly none, seldom two.
        private mutating func someReplaced() -> Set<String> {
            let names = topology.roles.flatMap { role in (1...role.count).map { "\(role.name)-\($0)" } }
            var replaced: Set<String> = []
            while Int.random(in: 0..<6, using: &random) == 0 {
                if let name = names.randomElement(using: &random) { replaced.insert(name) }
            }
            return replaced
        }

        /// An accident.
        private mutating func happen() {
            guard let name = cluster.observed.provider.nodes.map(\.name).randomElement(using: &random) else { return }
            switch Int.random(in: 0..<12, using: &random) {
            case 8, 9: cluster.disturb(name) { ($0.hasStorage, $0.power) = (false, .off) }
            case 10 where cluster.hasBeenWhole: cluster.spoil(name)
            case 11:
                for node in cluster.observed.provider.nodes where Int.random(in: 0..<3, using: &random) == 0 {
                    cluster.disturb(node.name) { ($0.hasStorage, $0.power) = (false, .off) }
                }
            // A `down` that was cut short at once.
            case 7: cluster.disturb(name) { $0.phase = .leaving }
            case 0, 1: cluster.lose(name)
            case 2: cluster.disturb(name) { $0.power = .off }
            case 3: cluster.disturb(name) { $0.power = .other }
            case 4: cluster.disturb(name) { $0.configDigest = "old" }
            case 5 where cluster.hasBeenWhole: cluster.disturb(name) { ($0.hasDomain, $0.power) = (false, .off) }
            default:
                for node in cluster.observed.provider.nodes { cluster.disturb(node.name) { $0.power = .off } }
            }
        }
    }
}
