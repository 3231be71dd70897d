import Basics
import CloudConfig
import TopologyModel

/// Names of the cluster's nodes and units: fleetd keeps them in a file, and dnsmasq answers by it.
extension NodeConfiguration {
    private var servesNames: Bool { topology.network.names && runsFleet }

    var fleetNamesDropIns: [CloudConfig.DropIn] {
        guard servesNames else { return [] }
        let content = "[Service]\nEnvironment=FLEET_NAMES_DOMAIN=\(topology.domain)\n"
        return [.init(name: "30-names.conf", content: content)]
    }

    /// It comes before all that starts containers, which are told once where to ask for names.
    var namesUnits: [CloudConfig.Unit] {
        guard servesNames else { return [] }
        let gateway = topology.network.cidr.gateway
        // On an isolated network nobody answers for the world outside.
        let upstream = topology.network.mode == .nat ? "Environment=NAMES_UPSTREAM=--server=\(gateway)\n" : ""
        let content = """
            [Service]
            Environment=NAMES_DOMAIN=\(topology.domain)
            Environment=NAMES_ADDRESS=\(node.address)
            Environment=NAMES_GATEWAY=\(gateway)
            \(upstream)
            """
        let dropIn = CloudConfig.DropIn(name: "20-slipway.conf", content: content)
        return [CloudConfig.Unit(name: "cluster-names.service", command: .start, dropIns: [dropIn])]
    }
}
