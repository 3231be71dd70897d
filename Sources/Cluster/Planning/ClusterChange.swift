import Basics
import TopologyModel
import UnitFiles

/// Something that has changed in a cluster between two looks at it.
package struct ClusterChange: Sendable, Hashable {
    /// What has changed.
    package enum Subject: String, Sendable, Hashable {
        case cluster, network, node, etcd, machine, unit
    }

    /// What has changed.
    package var subject: Subject
    /// Name of the node, member or unit; the cluster's for what is of all of it.
    package var name: String
    /// Node on which a unit is; nil for other subjects.
    package var node: String?
    /// Words for people, of which `name` is not a part.
    package var text: String
    /// True for what somebody may have to look at.
    package var isTrouble: Bool

    package init(_ subject: Subject, _ name: String, on node: String? = nil, _ text: String, isTrouble: Bool = false) {
        (self.subject, self.name, self.node, self.text, self.isTrouble) = (subject, name, node, text, isTrouble)
    }
}

extension Observation {
    /// Changes of a cluster from an earlier look to this one, ordered by subject and name. Of what one of the two does
    /// not know, such as fleet while etcd has no majority, nothing is said.
    package func changes(since earlier: Observation, in cluster: String) -> [ClusterChange] {
        networkChanges(earlier, cluster) + nodeChanges(earlier, cluster) + etcdChanges(earlier, cluster)
            + fleetChanges(earlier, cluster)
    }

    private func networkChanges(_ earlier: Observation, _ cluster: String) -> [ClusterChange] {
        let (old, new) = (earlier.provider.network(of: cluster), provider.network(of: cluster))
        guard (old == nil) != (new == nil) else { return [] }
        guard let new else { return [ClusterChange(.network, cluster, "is gone", isTrouble: true)] }
        return [ClusterChange(.network, cluster, "is there: \(new.cidr.map { "\($0)" } ?? "without an address")")]
    }

    // MARK: Nodes

    private func nodeChanges(_ earlier: Observation, _ cluster: String) -> [ClusterChange] {
        pairs(earlier.provider.nodes(of: cluster), provider.nodes(of: cluster), by: \.name).flatMap {
            pair -> [ClusterChange] in
            switch pair {
            case (let old?, nil): [ClusterChange(.node, old.name, "is gone", isTrouble: old.phase != .leaving)]
            case (nil, let new?): [ClusterChange(.node, new.name, "is there: \(Self.description(of: new))")]
            case (let old?, let new?): Self.changes(from: old, to: new)
            case (nil, nil): []
            }
        }
    }

    private static func description(of node: ObservedNode) -> String {
        let address = node.address.map { ", \($0)" } ?? ""
        return "\(node.role), \(node.runtime.rawValue)\(address)"
    }

    private static func changes(from old: ObservedNode, to new: ObservedNode) -> [ClusterChange] {
        var changes: [ClusterChange] = []
        if old.hasDomain != new.hasDomain {
            let text = new.hasDomain ? "is defined again" : "is not defined any more"
            changes.append(ClusterChange(.node, new.name, text, isTrouble: !new.hasDomain && new.phase != .leaving))
        }
        if old.hasStorage != new.hasStorage {
            let text = new.hasStorage ? "has its storage again" : "has lost its storage"
            changes.append(ClusterChange(.node, new.name, text, isTrouble: !new.hasStorage))
        }
        if old.power != new.power {
            let text =
                switch new.power {
                case .running: "is on"
                case .off: "is off"
                case .other: "is paused, crashed or shutting down"
                }
            changes.append(ClusterChange(.node, new.name, text, isTrouble: new.power != .running))
        }
        if old.phase != new.phase {
            switch new.phase {
            case .ready: changes.append(ClusterChange(.node, new.name, "is ready"))
            case .leaving: changes.append(ClusterChange(.node, new.name, "is being removed"))
            case .started: changes.append(ClusterChange(.node, new.name, "is set up"))
            case .allocated, .defined: break
            }
        }
        if old.image != new.image, let image = new.image {
            changes.append(ClusterChange(.node, new.name, "runs image \(image.root.prefix(12))"))
        }
        return changes + bootChanges(from: old, to: new)
    }

    /// What a node says of the images that it boots.
    private static func bootChanges(from old: ObservedNode, to new: ObservedNode) -> [ClusterChange] {
        var changes: [ClusterChange] = []
        if let retreat = new.boot?.retreat, retreat != old.boot?.retreat {
            let text = "goes back from image \(retreat.image.root.prefix(12)) by itself: \(retreat.reason)"
            changes.append(ClusterChange(.node, new.name, text, isTrouble: true))
        }
        if let staged = new.boot?.staged, staged != old.boot?.staged {
            changes.append(ClusterChange(.node, new.name, "takes image \(staged.root.prefix(12)) at its next reboot"))
        }
        return changes
    }

    // MARK: etcd

    private func etcdChanges(_ earlier: Observation, _ cluster: String) -> [ClusterChange] {
        var changes: [ClusterChange] = []
        let (had, has) = (earlier.etcd?.hasQuorum ?? false, etcd?.hasQuorum ?? false)
        if had != has {
            let text = has ? "has a quorum" : "has no quorum"
            changes.append(ClusterChange(.etcd, cluster, text, isTrouble: !has))
        }
        guard let old = earlier.etcd, let new = etcd else { return changes }
        for pair in pairs(old.members, new.members, by: \.id) {
            let name = [pair.new?.name, pair.old?.name].compactMap(\.self).first { !$0.isEmpty } ?? "a new member"
            switch pair {
            case (_?, nil): changes.append(ClusterChange(.etcd, name, "is no member any more"))
            case (nil, let new?): changes.append(ClusterChange(.etcd, name, Self.joins(new)))
            case (let old?, let new?):
                if old.learner, !new.learner { changes.append(ClusterChange(.etcd, name, "has its vote")) }
                if old.healthy != new.healthy {
                    let text = new.healthy ? "is healthy" : "is not healthy"
                    changes.append(ClusterChange(.etcd, name, text, isTrouble: !new.healthy))
                }
            case (nil, nil): break
            }
        }
        let (before, now) = (Set(old.alarms ?? []), Set(new.alarms ?? []))
        for alarm in now.subtracting(before).sorted(by: { ($0.member, $0.kind) < ($1.member, $1.kind) }) {
            changes.append(ClusterChange(.etcd, alarm.member, "raises the alarm \(alarm.kind)", isTrouble: true))
        }
        for alarm in before.subtracting(now).sorted(by: { ($0.member, $0.kind) < ($1.member, $1.kind) }) {
            changes.append(ClusterChange(.etcd, alarm.member, "takes the alarm \(alarm.kind) back"))
        }
        return changes
    }

    private static func joins(_ member: ObservedEtcd.Member) -> String {
        "is a member" + (member.learner ? " without a vote" : "") + (member.started ? "" : ", not started yet")
    }

    // MARK: fleet

    private func fleetChanges(_ earlier: Observation, _ cluster: String) -> [ClusterChange] {
        guard let old = earlier.fleet, let new = fleet else { return [] }
        let nodes = earlier.provider.nodes(of: cluster) + provider.nodes(of: cluster)
        let names = Dictionary(
            nodes.map { (Identity.machineID(cluster: cluster, node: $0.name), $0.name) },
            uniquingKeysWith: { first, _ in first },
        )
        func name(_ machine: String) -> String { names[machine] ?? String(machine.prefix(8)) }
        let came = new.machines.subtracting(old.machines).map {
            ClusterChange(.machine, name($0), "is listed by fleet")
        }
        let went = old.machines.subtracting(new.machines).map {
            ClusterChange(.machine, name($0), "is not listed by fleet any more", isTrouble: true)
        }
        let units = pairs(Array(old.units.values), Array(new.units.values), by: \.name).flatMap {
            pair -> [ClusterChange] in
            Self.changes(from: pair.old, to: pair.new, name: name)
        }
        return (came + went).naturallySorted(by: \.name) + units
    }

    private static func changes(
        from old: ObservedFleet.Unit?,
        to new: ObservedFleet.Unit?,
        name: (String) -> String,
    ) -> [ClusterChange] {
        guard let new else { return old.map { [ClusterChange(.unit, $0.name, "is destroyed")] } ?? [] }
        var changes: [ClusterChange] = []
        if old == nil {
            changes.append(ClusterChange(.unit, new.name, "is there, wanted \(new.desiredState.rawValue)"))
        }
        if let old, old.desiredState != new.desiredState {
            changes.append(ClusterChange(.unit, new.name, "is wanted \(new.desiredState.rawValue)"))
        }
        if let old, old.hash != new.hash { changes.append(ClusterChange(.unit, new.name, "has a new text")) }
        if let reason = new.reason, reason != old?.reason {
            changes.append(ClusterChange(.unit, new.name, "is placed nowhere: \(reason)", isTrouble: true))
        }
        let machines = Set(new.states.keys).union(old?.states.keys ?? [:].keys)
        for machine in machines.naturallySorted(by: name) {
            let (before, now) = (old?.states[machine], new.states[machine])
            guard before != now else { continue }
            let text = now.map { $0 == "inactive" && new.ended.contains(machine) ? "has ended well" : "is \($0)" }
            changes.append(
                ClusterChange(
                    .unit,
                    new.name,
                    on: name(machine),
                    text ?? "is not there any more",
                    isTrouble: now == "failed"
                )
            )
        }
        return changes
    }

    // MARK: Pairs

    /// What is of the same key in both, ordered by it.
    private func pairs<Element>(
        _ old: [Element],
        _ new: [Element],
        by key: KeyPath<Element, String>,
    ) -> [(old: Element?, new: Element?)] {
        let before = Dictionary(old.map { ($0[keyPath: key], $0) }) { first, _ in first }
        let now = Dictionary(new.map { ($0[keyPath: key], $0) }) { first, _ in first }
        return Set(before.keys).union(now.keys).naturallySorted().map { (before[$0], now[$0]) }
    }
}
