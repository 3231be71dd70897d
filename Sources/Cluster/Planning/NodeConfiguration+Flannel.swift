import CloudConfig
import TopologyModel

/// One network for the containers of all nodes.
extension NodeConfiguration {
    /// True when the topology has a containers' network, and this node a part in it.
    var runsFlannel: Bool { topology.flannel != nil && node.role.sharesContainerNetwork }

    /// The node's address says which device packets go out by: a network without a way out has no default route.
    func flannel(peers: [EtcdPeer]) -> Settings<FlannelKey> {
        [.etcdEndpoints: "\(etcdServers(peers))", .interface: "\(node.address)"]
    }

    /// What the topology says of the network goes into etcd with the first node that starts, and again whenever the
    /// topology has changed.
    var flannelUnits: [CloudConfig.Unit] {
        guard runsFlannel, let flannel = topology.flannel else { return [] }
        let content = "[Service]\nEnvironment='FLANNELD_NETWORK_CONFIG=\(flannel.json)'\n"
        let dropIn = CloudConfig.DropIn(name: "20-slipway.conf", content: content)
        return [CloudConfig.Unit(name: "flanneld.service", command: .start, dropIns: [dropIn])]
    }

    /// Docker is started by whoever calls it first: with this it waits for its subnet.
    var dockerFlannel: CloudConfig.DropIn? {
        guard runsFlannel else { return nil }
        return CloudConfig.DropIn(name: "20-flannel.conf", content: "[Unit]\nWants=flanneld.service\n")
    }

    /// Returns whether flannel is started by anything in a node's configuration.
    func startsFlannel(_ config: CloudConfig) -> Bool {
        config.coreos.units.contains { unit in
            unit.name == "flanneld.service" && (unit.enable || unit.command == .start || unit.command == .restart)
        }
    }
}
