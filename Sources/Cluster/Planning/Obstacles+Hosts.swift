import Diagnostics
import TopologyModel

extension Obstacles {
    /// Roles of a kind that cannot run at this connection.
    var runtimes: [Diagnostic] {
        topology.roles.compactMap { role in
            switch role.runtime {
            case .container:
                observed.provider.noContainers.map {
                    .error(
                        "role '\(role.name)' asks for containers: \($0)",
                        at: role.location,
                        notes: ["write `runtime: vm`, or give --runtime vm"],
                    )
                }
            case .vm:
                observed.provider.noMachines.map {
                    .error("role '\(role.name)' asks for virtual machines: \($0)", at: role.location)
                }
            }
        }
    }

    /// Disks that would have to become smaller, which would cost what is at their end.
    var disksThatShrink: [Diagnostic] {
        let roles = Dictionary(topology.roles.map { ($0.name, $0) }) { first, _ in first }
        return observed.provider.nodes(of: topology.name).compactMap { node in
            guard let role = roles[node.role], role.runtime == .vm, node.runtime == .vm, node.index <= role.count,
                let present = node.diskGiB, present > role.resources.diskGiB, !replaced.contains(node.name)
            else { return nil }
            return .error(
                "the disk of '\(node.name)' has \(present)GiB, and its file says \(role.resources.diskGiB)GiB",
                at: role.location,
                notes: [
                    "a disk only grows; write `disk: \(present)GiB`",
                    "or make the node anew, without what is on it: slipway up FILE --replace \(node.name)",
                ],
            )
        }
    }

    /// Memory and storage that machines to be created would lack.
    var machineShortages: [Diagnostic] {
        guard let host = observed.provider.machineHost else { return [] }
        let running = Set(
            observed.provider.nodes(of: topology.name).filter { $0.runtime == .vm && $0.power == .running }.map(\.name)
        )
        var memory = 0
        var count = 0
        var location: SourceLocation?
        for role in topology.roles where role.runtime == .vm {
            let new = (0..<role.count).filter { !running.contains(Identity.nodeName(role: role.name, index: $0 + 1)) }
            memory += new.count * role.resources.memoryMiB
            count += new.count
            if !new.isEmpty { location = location ?? role.location }
        }
        guard count > 0 else { return [] }
        let machines = count == 1 ? "1 virtual machine" : "\(count) virtual machines"
        let (want, take) = count == 1 ? ("wants", "takes") : ("want", "take")
        var shortages: [Diagnostic] = []
        if let free = host.freeMemoryMiB, memory > free {
            shortages.append(
                .error(
                    "\(machines) \(want) \(memory)MiB of memory, and the host has \(free)MiB to give",
                    at: location,
                    notes: ["take fewer or smaller nodes, or `runtime: container`, which takes what it uses"],
                )
            )
        }
        let wanted = Self.imageMiB + count * Self.overlayMiB
        if let free = host.freeStorageMiB, wanted > free {
            shortages.append(
                .error(
                    "the storage pool has \(free)MiB left; \(machines) \(take) about \(wanted)MiB to begin with",
                    at: location,
                    notes: ["make room, or run: slipway image prune"],
                )
            )
        }
        return shortages
    }

    /// Approximate size of an image's volumes.
    private static let imageMiB = 1024
    /// Approximate size of what a node has written by the time it is ready.
    private static let overlayMiB = 128
}
