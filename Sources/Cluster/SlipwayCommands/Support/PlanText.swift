import Basics
import Planning
import Terminal
import TopologyModel
import UnitFiles

/// A plan as a person reads it.
struct PlanText {
    let plan: Plan
    let style: Style

    func text() -> String {
        guard !plan.isEmpty else {
            guard plan.lost.isEmpty else {
                let names = plan.lost.map(\.name).joined(separator: ", ")
                return "Nothing is done by itself: \(names) of cluster \(plan.cluster) "
                    + "\(plan.lost.count == 1 ? "is" : "are") lost, and what does not wait for that is as its file says.\n"
            }
            return "Nothing to do: cluster \(plan.cluster) is as its file says.\n"
        }
        let table = Table("", "STEP", "WHY", rows: plan.steps.map(row))
        return "Plan for cluster \(style.paint(plan.cluster, .bold)):\n\n"
            + table.format(header: false, style: style) + "\n" + plan.notes.map { $0 + "\n" }.joined() + summary + "\n"
    }

    private func row(_ step: Step) -> [String] {
        [mark(step), StepTitle(step.action).text, style.paint(step.reason, .dim)]
    }

    private func mark(_ step: Step) -> String {
        switch step.cost {
        case .destroys: style.paint("-", .red)
        case .restarts: style.paint("~", .yellow)
        case .none: step.action.isWait ? style.paint(".", .dim) : style.paint("+", .green)
        }
    }

    private var summary: String {
        let destroyed = plan.steps.filter { $0.cost == .destroys }.count
        let restarted = plan.steps.filter { $0.cost == .restarts }.count
        let parts = [
            Format.count(plan.steps.count, "step"),
            restarted > 0 ? "\(Format.count(restarted, "node")) restarted" : nil,
            destroyed > 0 ? style.paint("\(destroyed) destroyed", .red) : "nothing destroyed",
        ]
        return parts.compactMap { $0 }.joined(separator: ", ") + "."
    }
}

/// Short description of a step.
struct StepTitle {
    let text: String

    private static func kind(_ node: NodePlan) -> String {
        node.accelerator.map { "\(node.runtime.rawValue) by \($0.rawValue)" } ?? node.runtime.rawValue
    }

    private static func text(_ action: RestoreAction) -> String {
        switch action {
        case .stopEtcd(let node): "stop etcd on \(node.name)"
        case .member(let node, let source, _, _): "restore etcd on \(node.name) (\(Format.bytes(source.size)))"
        case .legacyKeys(let source, _): "\(Format.count(source.legacyKeys.count, "key")) of etcd's version 2"
        case .restartFleet(let node): "fleetd of \(node.name) begins anew"
        }
    }

    private static func text(_ action: SnapshotAction) -> String {
        switch action {
        case .stage(let node, let snapshot): "copy \(node.name) out of \(snapshot.name)"
        case .begin(let snapshot): "note that the cluster goes back to \(snapshot.name)"
        case .powerOff(let node): "cut the power of \(node.name)"
        case .place(let kept, _): "put \(kept.node.name) back (\(Format.bytes(kept.bytes)))"
        case .finish: "write it all through to the disk"
        case .remove(_, let names): "remove \(Format.count(names.count, "snapshot")): \(names.joined(separator: ", "))"
        }
    }

    init(_ action: Action) {
        text =
            switch action {
            case .buildImage(let digests): "build image \(digests.root.prefix(12))/\(digests.layer.prefix(12))"
            case .fetchImage(let digests, let source): "fetch image \(digests.root.prefix(12)) from \(source)"
            case .createNetwork(let network): "network \(network.cidr) (\(network.mode.rawValue))"
            case .createNode(let node): "boot \(node.name) (\(Self.kind(node)), \(node.address))"
            case .startNode(let node): "start \(node.name)"
            case .setAutostart(let node, let isOn): "\(node.name) \(isOn ? "starts" : "does not start") with the host"
            case .defineNode(let node): "define \(node.name) anew"
            case .setMemory(let node, let mebibytes): "give \(node.name) \(mebibytes)MiB of memory"
            case .reconfigureNode(let node): "restart \(node.name)"
            case .rebootNode(let node, _): "reboot \(node.name)"
            case .upgradeNode(let upgrade): "\(upgrade.node.name) gets another image"
            case .stageNode(let staging) where staging.fallback == nil: "\(staging.node.name) forgets what was staged"
            case .stageNode(let staging): "\(staging.node.name) boots another image next"
            case .releaseReboot(let node, _): "\(node.name) leaves the reboot semaphore"
            case .awaitEtcd(let members): "etcd healthy on \(members.map(\.name).joined(separator: ", "))"
            case .awaitQuorum(let members): "majority of etcd with \(members.map(\.name).joined(separator: ", "))"
            case .addMember(let node, _): "announce \(node.name) to etcd"
            case .promoteMember(let node, _): "\(node.name) gets its vote in etcd"
            case .removeMember(let name, _, _): "take \(name) out of etcd"
            case .awaitNode(let node): "\(node.name) ready"
            case .drainMachines(let machines): "\(Format.count(machines.count, "machine")) take no more units"
            case .leaveFleet(let node, _, _): "\(node) leaves fleet"
            case .removeNode(let node): "remove \(node.name)"
            case .deployUnit(let unit): "deploy \(unit.name) (\(unit.desiredState.rawValue))"
            case .destroyUnit(let name): "take \(name) away"
            case .awaitUnits(let units): "\(Format.count(units.count, "unit")) as wanted"
            case .restore(let action): Self.text(action)
            case .snapshot(let action): Self.text(action)
            case .removeNetwork: "remove the network"
            case .removeRemains: "remove the cluster's directory"
            }
    }
}

/// A plan as a program reads it: without secrets, which the cloud-config holds.
struct PlanPayload: Encodable {
    struct StepPayload: Encodable {
        var id: StepID
        var title: String
        var reason: String
        var needs: [StepID]
        var cost: String
    }

    struct NodePayload: Encodable {
        var name: String
        var role: String
        var runtime: String
        var accelerator: String?
        var address: String
        var macAddress: String
        var uuid: String
        var machineID: String
        var etcd: String
        var cloudConfigDigest: String
    }

    struct LostPayload: Encodable {
        var node: String
        var loss: String
        var reason: String
        var command: String
    }

    var cluster: String
    var purpose: String
    var generation: Int
    var image: ImageDigests?
    /// Nodes that are lost for good and left as they are; left out for none.
    var lost: [LostPayload]?
    var nodes: [NodePayload]
    var notes: [String]
    var steps: [StepPayload]

    init(_ plan: Plan) {
        cluster = plan.cluster
        purpose = plan.purpose.rawValue
        generation = plan.generation
        image = plan.nodes.first?.image
        nodes = plan.nodes.map {
            NodePayload(
                name: $0.name,
                role: $0.role,
                runtime: $0.runtime.rawValue,
                accelerator: $0.accelerator?.rawValue,
                address: "\($0.address)",
                macAddress: $0.macAddress,
                uuid: $0.uuid,
                machineID: $0.machineID,
                etcd: $0.etcd.rawValue,
                cloudConfigDigest: $0.configDigest,
            )
        }
        if !plan.lost.isEmpty {
            lost = plan.lost.map {
                LostPayload(node: $0.name, loss: $0.loss.rawValue, reason: $0.loss.reason, command: $0.command)
            }
        }
        notes = plan.notes
        steps = plan.steps.map {
            StepPayload(
                id: $0.id,
                title: StepTitle($0.action).text,
                reason: $0.reason,
                needs: $0.needs,
                cost: $0.cost.rawValue,
            )
        }
    }
}
