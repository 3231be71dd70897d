import TopologyModel

/// Runtime that `auto` stands for in one role, with the reason.
struct SettledRuntime: Sendable, Hashable {
    var runtime: Runtime
    var reason: String

    /// Nodes that are there stay what they are: a host that can do more does not make them anew.
    init(_ role: Role, of cluster: String, on provider: ProviderObservation) {
        if let present = provider.nodes(of: cluster).first(where: { $0.role == role.name && $0.hasDomain }) {
            (runtime, reason) = (present.runtime, "as \(present.name) is")
        } else if let why = provider.noMachines {
            (runtime, reason) = (.container, why)
        } else if let why = provider.noContainers {
            (runtime, reason) = (.vm, why)
        } else if let host = provider.machineHost {
            (runtime, reason) = (host.best == .kvm ? .vm : .container, host.reason)
        } else {
            (runtime, reason) = (.container, "nothing is known of the host")
        }
    }
}

extension Topology {
    /// The topology with a runtime for every role that leaves it to the host.
    func settlingRuntimes(on provider: ProviderObservation) -> Topology {
        var topology = self
        for index in roles.indices where roles[index].choosesRuntime {
            topology.roles[index].runtime = SettledRuntime(roles[index], of: name, on: provider).runtime
            topology.roles[index].choosesRuntime = false
        }
        return topology
    }

    /// Returns a line for each role that leaves its runtime to the host.
    func runtimeNotes(on provider: ProviderObservation) -> [String] {
        roles.filter(\.choosesRuntime).map { role in
            let settled = SettledRuntime(role, of: name, on: provider)
            let what = settled.runtime == .vm ? "virtual machines" : "containers"
            return "Nodes of role \(role.name) are \(what): \(settled.reason)."
        }
    }
}
