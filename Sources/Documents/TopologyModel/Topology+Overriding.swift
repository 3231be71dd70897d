import Diagnostics

extension Runtime {
    /// Less than this, and systemd, etcd and fleet do not fit together.
    package var leastMemoryMiB: Int {
        switch self {
        case .container: 128
        case .vm: 512
        }
    }
}

extension Topology {
    /// The topology with every role as asked for on the command line; nil leaves what the file says.
    ///
    /// - Throws: ``DiagnosticsError`` for roles that have too little memory for that.
    package func overriding(runtime: RuntimeChoice?, accelerator: Accelerator?) throws(DiagnosticsError) -> Topology {
        var topology = self
        for index in topology.roles.indices {
            topology.roles[index].runtime = runtime?.runtime ?? roles[index].runtime
            topology.roles[index].choosesRuntime = runtime.map { $0 == .auto } ?? roles[index].choosesRuntime
            topology.roles[index].accelerator = accelerator ?? roles[index].accelerator
        }
        let small = topology.roles.filter { $0.resources.memoryMiB < $0.runtime.leastMemoryMiB }
        guard small.isEmpty else {
            throw DiagnosticsError(
                small.map { role in
                    .error(
                        "role '\(role.name)' has \(role.resources.memoryMiB)MiB of memory, "
                            + "too little for a node as \(role.runtime.rawValue)",
                        at: role.location,
                        notes: ["\(role.runtime.leastMemoryMiB)MiB is the least"],
                    )
                }
            )
        }
        let misplaced = topology.imageFindings()
        guard misplaced.isEmpty else { throw DiagnosticsError(misplaced) }
        return topology
    }
}
