import Basics
import TopologyModel

/// What a domain does that is neither running nor off.
package enum DomainCondition: String, Sendable, Hashable, Codable, CaseIterable {
    case paused, crashed, shuttingDown, suspended

    /// Reason to start it, in a few words.
    var reason: String {
        switch self {
        case .paused: "it is paused"
        case .crashed: "it has crashed"
        case .shuttingDown: "it was about to stop"
        case .suspended: "it has suspended itself"
        }
    }
}

/// What of a domain's definition people change by hand.
package struct DomainShape: Sendable, Hashable, Codable {
    /// Memory that it may use.
    package var memoryMiB: Int
    /// Number of processors.
    package var cpus: Int
    /// Devices in a few words each, as `filesystem at /srv`, sorted.
    package var devices: [String]

    /// - Parameter devices: in any order.
    package init(memoryMiB: Int, cpus: Int, devices: [String]) {
        self.memoryMiB = memoryMiB
        self.cpus = cpus
        self.devices = devices.sorted()
    }
}

/// Size of a virtual machine's disk.
package struct DiskSize: Sendable, Hashable, Codable {
    /// In bytes, as its guest sees it.
    package var bytes: UInt64
    /// The same of the image that it lies on; nil where that is not known.
    package var imageBytes: UInt64?

    package init(bytes: UInt64, imageBytes: UInt64? = nil) {
        (self.bytes, self.imageBytes) = (bytes, imageBytes)
    }

    /// A disk that is not of the size that it was made with.
    enum Change: Sendable, Hashable {
        /// In words: the size that it has, and the one that it was made with.
        case grew(to: String, from: String)
        case shrank(to: String, from: String)
    }

    /// Difference from what was asked for; nil where it has that, or all that its image needs.
    func change(from gibibytes: Int) -> Change? {
        let asked = UInt64(gibibytes) << 30
        let made = max(asked, imageBytes ?? asked)
        if bytes < made { return .shrank(to: Self.words(bytes), from: Self.words(made)) }
        // How large an image that is not seen would have made it is not known.
        guard bytes > made, imageBytes != nil else { return nil }
        return .grew(to: Self.words(bytes), from: Self.words(made))
    }

    private static func words(_ bytes: UInt64) -> String {
        bytes.isMultiple(of: 1 << 30) ? "\(bytes >> 30)GiB" : "\(bytes >> 20)MiB"
    }
}

/// What of a network's definition people change by hand.
package struct NetworkShape: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The host's own addresses in it, as `10.71.3.1/24`.
    package var addresses: [String]
    /// Mode of its `forward` element; `isolated` for none.
    package var mode: String
    /// Name of the bridge on the host; empty where none is named.
    package var bridge: String

    package init(addresses: [String], mode: String, bridge: String) {
        self.addresses = addresses
        self.mode = mode
        self.bridge = bridge
    }

    init(_ plan: NetworkPlan) {
        self.init(
            addresses: ["\(plan.cidr.gateway)/\(plan.cidr.prefix)"],
            mode: plan.mode.rawValue,
            bridge: plan.bridge,
        )
    }

    package var description: String {
        "\(addresses.isEmpty ? "no address" : addresses.joined(separator: " ")), \(mode), bridge \(bridge.isEmpty ? "of libvirt's choice" : bridge)"
    }
}

/// Differences between what libvirt has of a node and what its plan asks for.
struct NodeDrift: Sendable, Hashable {
    /// Of the definition: it is written anew, and nothing restarts.
    var ofDefinition: [String] = []
    /// Memory that it runs with, where it can be given that of its plan as it runs.
    var ofMemory: String?
    /// Of the node as it runs, that only a restart mends.
    var untilRestart: [String] = []
    /// Of its disk.
    var ofDisk: DiskSize.Change?

    init(_ node: ObservedNode, memoryMiB: Int, cpus: Int) {
        if node.hasStorage, let made = node.diskGiB { ofDisk = node.diskSize?.change(from: made) }
        guard let defined = node.defined else { return }
        if defined.memoryMiB != memoryMiB {
            ofDefinition.append("memory \(defined.memoryMiB)MiB → \(memoryMiB)MiB")
        }
        if defined.cpus != cpus { ofDefinition.append("cpus \(defined.cpus) → \(cpus)") }
        if let given = node.devices {
            let (added, removed) = Self.differences(from: given, to: defined.devices)
            ofDefinition += added.map { "\($0), which is not slipway's" } + removed.map { "no \($0)" }
        }
        guard let live = node.live else { return }
        if live.memoryMiB != memoryMiB { ofMemory = "runs with memory \(live.memoryMiB)MiB → \(memoryMiB)MiB" }
        // A container sees the processors of its host.
        if live.cpus != cpus, node.runtime == .vm { untilRestart.append("cpus \(live.cpus) → \(cpus)") }
        let (added, removed) = Self.differences(from: defined.devices, to: live.devices)
        untilRestart += added.map { "\($0), which its definition has not" }
        untilRestart += removed.map { "no \($0), which its definition has" }
    }

    private static func differences(from old: [String], to new: [String]) -> (added: [String], removed: [String]) {
        let (old, new) = (Set(old), Set(new))
        return (new.subtracting(old).sorted(), old.subtracting(new).sorted())
    }
}

extension ObservedNetwork {
    /// Differences from the plan that are mended without its nodes noticing, in a few words each.
    func drift(from plan: NetworkPlan) -> [String] {
        let wanted = NetworkShape(plan)
        var found: [String] = []
        if active, live != nil, defined == nil { found.append("libvirt has lost its definition") }
        if let defined, defined != wanted { found.append("its definition: \(defined) → \(wanted)") }
        if autostart == false { found.append("it does not start with the host") }
        return found
    }

    /// The same of the network as it runs, which only a restart of it mends; nil for none.
    func liveDrift(from plan: NetworkPlan) -> String? {
        let wanted = NetworkShape(plan)
        guard let live, live != wanted else { return nil }
        return "runs as \(live), and is to be \(wanted)"
    }
}
