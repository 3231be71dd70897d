import UnitFiles

/// A topology with all its defaults, for programs: what `slipway validate --json` shows.
package struct TopologySummary: Sendable, Hashable, Codable {
    package struct Network: Sendable, Hashable, Codable {
        package var cidr: CIDRv4
        package var mode: NetworkSettings.Mode
        /// How many nodes have room.
        package var capacity: Int
    }

    package struct Etcd: Sendable, Hashable, Codable {
        package var bootstrap: EtcdSettings.Bootstrap
        package var members: Int
        package var majority: Int
        package var failuresTolerated: Int
    }

    package struct Fleet: Sendable, Hashable, Codable {
        package var enabled: Bool
        package var machineTTLSeconds: Int
        package var tcp: Bool
    }

    package struct RoleEntry: Sendable, Hashable, Codable {
        package var name: String
        package var count: Int
        package var runtime: RuntimeChoice
        package var etcd: EtcdRole
        package var cpus: Int
        package var memoryMiB: Int
        package var diskGiB: Int
        package var metadata: [String: String]
    }

    package struct UnitEntry: Sendable, Hashable, Codable {
        package var name: String
        package var file: String
        package var state: UnitDeployment.DesiredState
        package var global: Bool
    }

    package var name: String
    package var nodes: Int
    package var network: Network
    package var etcd: Etcd
    package var fleet: Fleet
    package var dockerTCP: Bool
    package var roles: [RoleEntry]
    package var units: [UnitEntry]

    package init(_ topology: Topology) {
        let quorum = FaultTolerance(members: topology.memberCount)
        let (network, fleet) = (topology.network, topology.fleet)
        name = topology.name
        nodes = topology.nodeCount
        self.network = Network(cidr: network.cidr, mode: network.mode, capacity: network.cidr.nodeCapacity)
        etcd = Etcd(
            bootstrap: topology.etcd.bootstrap,
            members: quorum.members,
            majority: quorum.majority,
            failuresTolerated: quorum.failures,
        )
        self.fleet = Fleet(
            enabled: fleet.enabled,
            machineTTLSeconds: fleet.machineTTLSeconds,
            tcp: fleet.enabled && fleet.tcp,
        )
        dockerTCP = topology.docker.tcp
        roles = topology.roles.map { RoleEntry($0) }
        units = topology.units.map { UnitEntry($0) }
    }
}

extension TopologySummary.RoleEntry {
    fileprivate init(_ role: Role) {
        name = role.name
        count = role.count
        runtime = role.choosesRuntime ? .auto : role.runtime == .vm ? .vm : .container
        etcd = role.etcd
        cpus = role.resources.cpus
        memoryMiB = role.resources.memoryMiB
        diskGiB = role.resources.diskGiB
        metadata = role.metadata
    }
}

extension TopologySummary.UnitEntry {
    fileprivate init(_ deployment: UnitDeployment) {
        name = deployment.name
        file = deployment.file
        state = deployment.desiredState
        global = deployment.requirements.isGlobal
    }
}
