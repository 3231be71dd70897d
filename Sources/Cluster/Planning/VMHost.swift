import TopologyModel

/// Abilities of the host of virtual machines, as libvirt reports them.
package struct VMHost: Sendable, Hashable, Codable {
    /// True when the processor has `vmx` or `svm`. `/dev/kvm` alone says little: a host that is a guest itself may have
    /// one on which no machine ever boots. Nil on an architecture whose processors have no such feature.
    package var hasVirtualization: Bool?
    /// True when libvirt offers KVM.
    package var offersKVM: Bool
    /// Memory that machines can have, in MiB; nil when it is not known.
    package var freeMemoryMiB: Int?
    /// Room for volumes, in MiB; nil before there is a pool.
    package var freeStorageMiB: Int?

    package init(
        hasVirtualization: Bool?,
        offersKVM: Bool,
        freeMemoryMiB: Int? = nil,
        freeStorageMiB: Int? = nil,
    ) {
        self.hasVirtualization = hasVirtualization
        self.offersKVM = offersKVM
        self.freeMemoryMiB = freeMemoryMiB
        self.freeStorageMiB = freeStorageMiB
    }

    /// Accelerator that `auto` stands for.
    package var best: Accelerator { hasVirtualization != false && offersKVM ? .kvm : .tcg }

    /// Reason why ``best`` is what it is.
    package var reason: String {
        if !offersKVM { return "libvirt offers no KVM here" }
        return switch hasVirtualization {
        case true?: "the host's processor has vmx or svm"
        case false?: "the host's processor has neither vmx nor svm"
        case nil: "libvirt offers KVM here"
        }
    }
}

extension Accelerator {
    /// The one taken on a host: never ``auto``.
    package func resolved(on host: VMHost?) -> Accelerator {
        self == .auto ? host?.best ?? .tcg : self
    }
}

extension Topology {
    /// Returns notes for people about how virtual machines will run, one line each.
    func machineNotes(on host: VMHost?) -> [String] {
        let machines = roles.filter { $0.runtime == .vm }
        let chosen = Set(machines.map { $0.accelerator.resolved(on: host) })
        return chosen.sorted { $0.rawValue < $1.rawValue }.map { accelerator in
            let isAsked = machines.contains { $0.accelerator == accelerator }
            let why = isAsked ? "as asked for" : host?.reason ?? "nothing is known of the host"
            let pace = accelerator == .tcg ? "; a node takes about half a minute to boot" : ""
            return "Virtual machines run by \(accelerator.rawValue.uppercased()): \(why)\(pace)."
        }
    }
}
