import Basics
import TopologyModel

/// Change that one node of the topology needs.
enum NodeChange: Sendable, Hashable {
    /// The node is as it should be.
    case none
    /// Storage, domain and start, keeping what an earlier run or an etcd member left.
    case create(String)
    /// Everything of the old node goes first.
    case rebuild(String)
    /// New config drive and domain, then a restart; the data stay.
    case reconfigure(String)
    case start(String)
    /// Nothing but to see it ready.
    case await(String)
    /// It is lost for good, and is left as it is.
    case lost(NodeLoss)

    /// Decides from what is there; `member` is the node as etcd lists it.
    init(
        _ observed: ObservedNode?,
        plan: NodePlan,
        member: ObservedEtcd.Member?,
        etcdKnown: Bool,
        fleet: ObservedFleet?,
    ) {
        guard let observed else {
            let wiped = plan.etcd == .member && member?.started == true
            self = wiped ? .rebuild(NodeLoss.node.reason) : .create("does not exist")
            return
        }
        self =
            Self.storageFault(observed, plan: plan, member: member, etcdKnown: etcdKnown)
            ?? Self.drift(observed, plan: plan)
            ?? Self.absence(observed, plan: plan, member: member, fleet: fleet)
            ?? .none
    }

    private static func storageFault(
        _ observed: ObservedNode,
        plan: NodePlan,
        member: ObservedEtcd.Member?,
        etcdKnown: Bool,
    ) -> NodeChange? {
        if observed.phase == .leaving { return .rebuild("an earlier run was removing it") }
        if !observed.hasStorage {
            return .rebuild(observed.hasDomain ? NodeLoss.storage.reason : "an earlier run left it half made")
        }
        // Of a virtual machine without its domain the base is not known; its disk says whether it fits.
        let mayFit = !observed.hasDomain && observed.baseDigest.isEmpty
        guard mayFit || observed.baseDigest == plan.baseDigest else { return nil }
        if plan.etcd == .member, etcdKnown, member == nil, observed.phase > .defined || !observed.hasDomain {
            return .rebuild("etcd does not list it")
        }
        if !observed.hasDomain { return .create("its domain is gone, and its storage is there") }
        return nil
    }

    private static func drift(_ observed: ObservedNode, plan: NodePlan) -> NodeChange? {
        if observed.baseDigest != plan.baseDigest {
            return .rebuild("its \(baseDifference(observed, plan)) changed")
        }
        if observed.phase <= .defined { return .create("an earlier run did not start it") }
        // Where the base is the same and the root is not, the node gets it by a restart.
        if observed.image.map({ $0.root != plan.image.root }) ?? false { return .reconfigure("its root changes") }
        if observed.configDigest != plan.configDigest {
            if let renewal = Self.renewal(observed, plan) { return .reconfigure(renewal) }
            return .reconfigure("its \(configDifference(observed, plan)) changed")
        }
        return nil
    }

    private static func renewal(_ observed: ObservedNode, _ plan: NodePlan) -> String? {
        guard let wanted = plan.certificates, let present = observed.certificates, wanted != present else { return nil }
        return "its certificates are renewed (generation \(wanted.number))"
    }

    private static func absence(
        _ observed: ObservedNode,
        plan: NodePlan,
        member: ObservedEtcd.Member?,
        fleet: ObservedFleet?,
    ) -> NodeChange? {
        switch observed.power {
        case .running: break
        case .off: return .start("it is powered off")
        case .other: return .start(observed.condition?.reason ?? "it is paused, or was about to stop")
        }
        if observed.isTransient == true { return .create("libvirt has lost its definition") }
        if observed.phase != .ready { return .await("an earlier run did not see it ready") }
        if let member, plan.etcd == .member, !member.healthy { return .await("etcd does not answer on it") }
        if let fleet, plan.runsFleet, !fleet.machines.contains(plan.machineID) {
            return .await("fleet does not list it")
        }
        return nil
    }

    /// Reason, in a few words; empty where nothing has to happen.
    var reason: String {
        switch self {
        case .none: ""
        case .create(let reason), .rebuild(let reason), .reconfigure(let reason), .start(let reason),
            .await(let reason):
            reason
        case .lost(let loss): loss.reason
        }
    }

    private static func configDifference(_ observed: ObservedNode, _ plan: NodePlan) -> String {
        if let present = observed.configParts, let planned = plan.configParts, !observed.configDigest.isEmpty {
            return present.difference(to: planned)
        }
        return observed.image?.layer != plan.image.layer ? "node programs" : "cloud-config or resources"
    }

    private static func baseDifference(_ observed: ObservedNode, _ plan: NodePlan) -> String {
        if observed.runtime != plan.runtime { return "runtime" }
        if observed.image?.root != plan.image.root { return "root image" }
        if observed.etcd != plan.etcd { return "part in etcd" }
        if observed.address != plan.address { return "address" }
        return "identity"
    }
}
