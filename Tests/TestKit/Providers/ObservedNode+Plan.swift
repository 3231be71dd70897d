import Planning
import TopologyModel

extension ObservedNode {
    /// A node as its plan was to make it.
    package init(_ plan: NodePlan, power: Power = .running, phase: NodePhase = .ready) {
        self.init(plan.spec, power: power, phase: phase, address: plan.address, image: plan.image)
        details.fleet = plan.fleet
        details.etcdTLS = plan.etcdTLS
        details.etcdHistory = plan.etcdHistory
        details.configParts = plan.configParts
        details.autostart = plan.autostart
        details.originalRoot = plan.originalRoot
        details.previousRoot = plan.previousRoot
        if plan.runtime == .vm { details.diskGiB = plan.resources.diskGiB }
    }
}
