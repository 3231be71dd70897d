import TopologyModel

/// The two drivers of one libvirt, by the one URI that a person gives.
///
/// Containers are made by libvirt's LXC driver and virtual machines by its QEMU driver; networks are shared by both.
/// So a local `lxc:///system` stands for `qemu:///system` as well, and the reverse.
package struct ConnectionURIs: Sendable, Hashable {
    /// As given.
    var given: String
    /// Nil where there can be no containers.
    var containers: String?
    /// Nil where there can be no virtual machines.
    var machines: String?
    /// True when libvirt is another host's: nothing on this host's disk is seen there.
    var isRemote: Bool

    /// Derives the URIs of both hypervisors from one of them.
    package init(_ uri: String) {
        given = uri
        let parts = uri.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts[0].split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count > 1 ? parts[1] : ""
        let host = rest.hasPrefix("//") ? rest.dropFirst(2).prefix { $0 != "/" } : ""
        let driver = String(scheme[0])
        isRemote = driver != "test" && !host.isEmpty
        let transport = scheme.count > 1 ? "+\(scheme[1])" : ""
        func with(_ driver: String) -> String { "\(driver)\(transport):\(rest)" }
        switch driver {
        case "lxc":
            containers = isRemote ? nil : uri
            machines = with("qemu")
        case "qemu":
            // A user's own session has no containers.
            containers = isRemote || rest.hasSuffix("/session") ? nil : with("lxc")
            machines = uri
        case "test":
            containers = uri
            machines = uri
        default:
            machines = uri
        }
    }

    /// URI of the hypervisor for a runtime; nil where the host has none.
    package func uri(for runtime: Runtime) -> String? {
        switch runtime {
        case .container: containers
        case .vm: machines
        }
    }

    /// Reason why there is no URI for containers.
    var noContainers: String {
        isRemote
            ? "\(given) is another host, and a container's files must lie on the host it runs on; "
                + "run slipway there, or make virtual machines"
            : "\(given) runs none"
    }
}
