/// Kind of fault, by the word that scenarios have for it.
package enum FaultKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The power of a node is cut.
    case powerOff = "power-off"
    /// libvirt pauses a node.
    case freeze
    /// A node is shut down and started again.
    case reboot
    /// A node or a group of nodes does not reach the others.
    case cut
    /// etcd's leader is killed.
    case leaderKill = "leader-kill"
    /// etcd of some member is killed.
    case etcdKill = "etcd-kill"
    /// etcd of a member can write nothing, as on a full disk.
    case diskFull = "disk-full"
    /// fleetd is killed.
    case fleetdKill = "fleetd-kill"
    /// fleetd is killed again and again.
    case fleetdCrashLoop = "fleetd-crash-loop"
    /// Docker is killed.
    case dockerKill = "docker-kill"
    /// flanneld is killed, and the containers' network has to go on.
    case flanneldKill = "flanneld-kill"
    /// A node has a tenth of a processor.
    case slowProcessor = "slow-processor"
    /// A node has a quarter of its memory.
    case lowMemory = "low-memory"
    /// A node's packets leave it late.
    case slowNetwork = "slow-network"
    /// Some of the packets that a node sends are lost.
    case lossyNetwork = "lossy-network"
    /// What a node reads and writes takes its time, as on a worn disk.
    case slowDisk = "slow-disk"
    /// The clock of a virtual machine is an hour ahead.
    case clockJump = "clock-jump"
    /// The host's libvirt is restarted.
    case libvirtdRestart = "libvirtd-restart"

    /// True where the fault is over as soon as it has happened, and only its consequences last.
    package var isInstant: Bool {
        switch self {
        case .reboot, .leaderKill, .etcdKill, .fleetdKill, .dockerKill, .flanneldKill, .libvirtdRestart: true
        default: false
        }
    }

    /// True where a member may be missing from etcd's majority.
    package var takesMembers: Bool {
        switch self {
        case .fleetdKill, .fleetdCrashLoop, .dockerKill, .flanneldKill, .clockJump, .libvirtdRestart: false
        default: true
        }
    }

    /// True for faults of etcd alone, which only members have.
    package var isOfMembers: Bool { [.leaderKill, .etcdKill, .diskFull].contains(self) }

    /// True for faults that are brought about outside of the node, by libvirt or on the host, and not by the node itself.
    package var isOfHypervisor: Bool {
        [.powerOff, .freeze, .reboot, .slowProcessor, .lowMemory, .slowDisk].contains(self) || isOfHost
    }

    /// True for faults of the host, which no node has: what they touch is not this cluster's alone.
    package var isOfHost: Bool { self == .libvirtdRestart }

    /// True for faults of what containers share with their host, which only virtual machines have.
    package var isOfVMs: Bool { self == .clockJump }

    /// True for faults of fleetd, which only machines of fleet have.
    package var isOfMachines: Bool { self == .fleetdKill || self == .fleetdCrashLoop }

    /// True where the node's machine may be lost to fleet: its units may be started elsewhere, and are stopped here once
    /// the node sees that.
    package var separates: Bool {
        switch self {
        case .leaderKill, .etcdKill, .diskFull, .dockerKill, .flanneldKill, .clockJump, .libvirtdRestart: false
        default: true
        }
    }

    /// True where nothing runs on the node while the fault lasts.
    package var haltsNode: Bool { [.powerOff, .freeze, .reboot].contains(self) }

    /// True where units on the node may stop by the fault itself.
    package var stopsUnits: Bool { [.powerOff, .reboot, .dockerKill, .lowMemory].contains(self) }

    /// Description for people, after the names of nodes.
    package var description: String {
        switch self {
        case .powerOff: "power cut"
        case .freeze: "frozen"
        case .reboot: "rebooted"
        case .cut: "cut off from the others"
        case .leaderKill: "etcd killed, which led"
        case .etcdKill: "etcd killed"
        case .diskFull: "etcd's disk full"
        case .fleetdKill: "fleetd killed"
        case .fleetdCrashLoop: "fleetd killed again and again"
        case .dockerKill: "Docker killed"
        case .flanneldKill: "flanneld killed"
        case .slowProcessor: "a tenth of a processor"
        case .lowMemory: "a quarter of its memory"
        case .slowNetwork: "slow network"
        case .lossyNetwork: "lossy network"
        case .slowDisk: "slow disk"
        case .clockJump: "clock an hour ahead"
        case .libvirtdRestart: "libvirt restarted"
        }
    }
}

/// Direction in which packets are dropped at a node that is cut off.
package enum CutDirection: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nothing comes and nothing goes.
    case both
    /// The node hears nobody, and is heard.
    case incoming
    /// The node hears the others, and is not heard.
    case outgoing
}

/// A fault of certain nodes.
package struct Fault: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Number in the run, from 1.
    package var number: Int
    /// Kind of fault.
    package var kind: FaultKind
    /// Names of the nodes that have it, sorted; none for a fault of the host.
    package var nodes: [String]
    /// Direction of a cut.
    package var direction: CutDirection
    /// Time in seconds after which it is undone; 0 for a fault that is over at once.
    package var seconds: Double
    /// True where etcd's leader was among the nodes when the fault was chosen.
    package var takesLeader: Bool

    package init(
        number: Int,
        kind: FaultKind,
        nodes: [String],
        direction: CutDirection = .both,
        seconds: Double = 0,
        takesLeader: Bool = false,
    ) {
        (self.number, self.kind, self.nodes) = (number, kind, nodes)
        (self.direction, self.seconds, self.takesLeader) = (direction, seconds, takesLeader)
    }

    /// Time after which it is undone.
    package var duration: Duration { .seconds(seconds) }

    package var description: String {
        let way =
            switch (kind, direction) {
            case (.cut, .incoming): ", incoming packets only"
            case (.cut, .outgoing): ", outgoing packets only"
            default: ""
            }
        return "\(kind.isOfHost ? "the host" : nodes.joined(separator: ", ")): \(kind.description)\(way)"
    }
}
