import Basics
import Glibc
import Libvirt
import Planning
import Provisioning
import Subprocess

extension LibvirtProvider {
    /// Outcome of making a network.
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
        case .done:
            try await plugIn(unplugged(from: network), bridge: network.bridge)
            try await publishNames(in: network.cluster)
        case .foreign: throw Self.foreign(network: network.name)
        case .inUse(let domains):
            throw ProviderError(
                .conflict,
                "network \(network.name) is to change, and \(domains.joined(separator: ", ")) run on it; "
                    + "take the cluster down first",
            )
        }
    }

    /// Makes the names of running nodes known in a network that was made anew.
    private func publishNames(in cluster: String) async throws {
        for driver in try await presentDrivers() {
            let records = try await driver.run { connection throws(LibvirtError) in
                try connection.seenDomains().filter { $0.power != .off }.compactMap(\.record)
            }
            try await run { connection throws(LibvirtError) in
                for record in records where record.cluster == cluster { try connection.publishName(of: record) }
            }
        }
    }

    /// The host's side of the interfaces that running nodes have in a network and that are not on its bridge. On
    /// another host that cannot be seen: there it is all of them where the network was begun under them.
    private func unplugged(from network: NetworkPlan) async throws -> [String] {
        guard !uris.isRemote else { return [] }
        var found: Set<String> = []
        for driver in try await presentDrivers() {
            let domains = try await driver.run { connection throws(LibvirtError) in try connection.seenDomains() }
            found.formUnion(try domains.flatMap { try $0.read().interfaces(on: network.name) })
        }
        return found.filter { !Self.isOn(network.bridge, $0) }.sorted()
    }

    /// For each of Slipway's networks, the domains that run and are not on its bridge.
    func unpluggedDomains(_ networks: [ObservedNetwork], _ domains: [SeenDomain]) -> [ObservedNetwork] {
        guard !uris.isRemote else { return networks }
        return networks.map { network in
            guard network.cluster != nil, network.active, let bridge = network.bridge else { return network }
            var network = network
            network.unplugged = domains.filter { domain in
                domain.interfaces(on: network.name).contains { !Self.isOn(bridge, $0) }
            }.map(\.name)
            return network
        }
    }

    /// Returns whether an interface is on a bridge; true also where neither exists, as with libvirt's driver for tests.
    /// https://docs.kernel.org/networking/bridge.html
    private static func isOn(_ bridge: String, _ interface: String) -> Bool {
        guard access("/sys/class/net/\(interface)", F_OK) == 0 else { return true }
        return access("/sys/class/net/\(bridge)/brif/\(interface)", F_OK) == 0
    }

    /// Puts interfaces of nodes that run on the bridge of their network, which was made anew: libvirt does that only as
    /// a node starts.
    private func plugIn(_ interfaces: [String], bridge: String) async throws {
        guard interfaces.isEmpty || !uris.isRemote else {
            throw ProviderError(
                .failed,
                "the network was made anew, and nodes that run are not on it; restart them: slipway restart",
            )
        }
        var failure: ProviderError?
        for interface in interfaces {
            let result = try await Subprocess.run(
                .name("ip"),
                arguments: ["link", "set", "dev", interface, "master", bridge, "up"],
                output: .discarded,
                error: .string(limit: 4096),
            )
            guard !result.terminationStatus.isSuccess else { continue }
            failure = ProviderError(
                .failed,
                "cannot put \(interface) on bridge \(bridge); restart the nodes: slipway restart",
                cause: result.standardError.trimmed,
            )
        }
        if let failure { throw failure }
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
        } else {
            try restoreDefinition(of: plan)
        }
        let network = try network(named: plan.name)
        try network.startIfNeeded()
        return .done
    }

}

extension Connection {
    /// Writes the definition of a network anew that others have changed, with the names that it serves; one that runs
    /// runs on.
    fileprivate func restoreDefinition(of plan: NetworkPlan) throws(LibvirtError) {
        let wanted = NetworkXML(network: plan)
        let (live, defined, autostart) = try definitions(of: plan.name)
        guard defined != NetworkShape(wanted.document) else {
            if !autostart { try network(named: plan.name).setAutostart(true) }
            return
        }
        let names = PublishedName.known(to: live) ?? []
        let xml = NetworkXML(network: plan, names: names.sorted { $0.name < $1.name }).text
        try defineNetwork(xml, name: plan.name).setAutostart(true)
    }

    /// A network as it is now, and the shape of its definition, where it has one.
    private func definitions(of name: String) throws(LibvirtError) -> (String, NetworkShape?, Bool) {
        let network = try network(named: name)
        let live = try network.xml()
        guard let definition = try network.definition() else { return (live, nil, false) }
        return (live, (try? XMLReader.read(definition)).map { NetworkShape($0) }, try network.autostart())
    }
}

extension SeenDomain {
    /// The host's side of the interfaces that a domain that runs has in a network.
    fileprivate func interfaces(on network: String) -> [String] {
        guard power != .off else { return [] }
        return interfaces.filter { $0.network == network }.map(\.device)
    }
}

extension ObservedNetwork {
    /// Returns whether the network is as planned, running or not.
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
