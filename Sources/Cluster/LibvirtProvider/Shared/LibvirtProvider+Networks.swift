import Basics
import Libvirt
import Planning
import Provisioning

extension LibvirtProvider {
    /// What came of making a network.
    fileprivate enum NetworkOutcome: Sendable {
        case done
        case foreign
        /// It differs, and nodes run on it.
        case inUse([String])
    }

    package func createNetwork(_ network: NetworkPlan) async throws {
        let xml = NetworkXML(network: network).text
        let outcome = try await run { connection throws(LibvirtError) in
            try connection.createNetwork(network, xml: xml)
        }
        switch outcome {
        case .done: break
        case .foreign: throw Self.foreign(network: network.name)
        case .inUse(let domains):
            throw ProviderError(
                .conflict,
                "network \(network.name) is to change, and \(domains.joined(separator: ", ")) run on it; "
                    + "take the cluster down first",
            )
        }
    }

    package func removeNetwork(cluster: String) async throws {
        let name = Identity.networkName(cluster: cluster)
        let isOurs = try await run { connection throws(LibvirtError) in
            try connection.ifPresent(network: name) { network throws(LibvirtError) in
                guard (try? ObservedNetwork(xml: try network.xml(), active: false))?.cluster == cluster else {
                    return false
                }
                try network.remove()
                return true
            }
        }
        if isOurs == false { throw Self.foreign(network: name) }
    }

    private static func foreign(network name: String) -> ProviderError {
        ProviderError(
            .conflict,
            "network \(name) exists and is not Slipway's; rename or remove it (virsh net-dumpxml \(name)), "
                + "or give the cluster another name",
        )
    }
}

extension Connection {
    fileprivate func createNetwork(
        _ plan: NetworkPlan,
        xml: String
    ) throws(LibvirtError) -> LibvirtProvider.NetworkOutcome {
        var present: ObservedNetwork?
        if let found = try ifPresent(
            network: plan.name,
            { network throws(LibvirtError) in
                (try? ObservedNetwork(xml: try network.xml(), active: try network.isActive()))
                    ?? ObservedNetwork(name: plan.name, cluster: nil, cidr: nil, mode: nil, bridge: nil, active: false)
            }
        ) {
            guard found.cluster == plan.cluster else { return .foreign }
            present = found
        }
        if let present, !present.matches(plan) {
            let running = try seenDomains().filter { $0.record?.cluster == plan.cluster && $0.power != .off }
            guard running.isEmpty else { return .inUse(running.map(\.name).sorted()) }
            _ = try ifPresent(network: plan.name) { network throws(LibvirtError) in try network.remove() }
        }
        if present?.matches(plan) != true {
            try defineNetwork(xml, name: plan.name).setAutostart(true)
        }
        try network(named: plan.name).startIfNeeded()
        return .done
    }
}

extension ObservedNetwork {
    /// Whether the network is as planned, running or not.
    fileprivate func matches(_ plan: NetworkPlan) -> Bool {
        cidr == plan.cidr && mode == plan.mode && bridge == plan.bridge
    }
}

extension Network {
    /// Starts the network; one that another call started meanwhile is fine.
    fileprivate borrowing func startIfNeeded() throws(LibvirtError) {
        if try isActive() { return }
        do {
            try start()
        } catch {
            guard try isActive() else { throw error }
        }
    }

    /// Stops the network, which removes its bridge, and removes its definition.
    fileprivate borrowing func remove() throws(LibvirtError) {
        if try isActive() {
            do {
                try destroy()
            } catch {
                guard error.code == .wrongState else { throw error }
            }
        }
        try undefine()
    }
}
