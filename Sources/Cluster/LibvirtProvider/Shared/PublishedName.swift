import Libvirt
import Planning
import Provisioning

/// A node's name in its cluster's network, as libvirt's DNS server there serves it to the nodes.
struct PublishedName: Sendable, Hashable {
    let name: String
    let address: String

    init?(_ record: NodeRecord) {
        guard let address = record.address else { return nil }
        (name, self.address) = (record.name, "\(address)")
    }

    /// A `host` of a network's `dns`; nil for one that Slipway has not written.
    init?(_ host: XMLElement) {
        guard let address = host["ip"], let name = host.first("hostname")?.text else { return nil }
        (self.name, self.address) = (name, address)
    }

    /// https://libvirt.org/formatnetwork.html#addressing
    var element: XMLElement {
        XMLElement("host", ["ip": address], children: [XMLElement("hostname", text: name)])
    }

    var xml: String { element.rendered() }

    /// The names that a network knows; nil for an isolated one, which has no DNS server.
    static func known(to networkXML: String) -> Set<PublishedName>? {
        guard let network = try? XMLReader.read(networkXML), network.first("forward") != nil else { return nil }
        return Set(network.all("dns", "host").compactMap { PublishedName($0) })
    }
}

extension Connection {
    /// Makes a node's name known in its cluster's network.
    func publishName(of record: NodeRecord) throws(LibvirtError) {
        guard let name = PublishedName(record) else { return }
        try changeNames(of: record.cluster) { names in
            names = names.filter { $0.name != name.name && $0.address != name.address }
            names.insert(name)
        }
    }

    /// Takes a node's name out of its cluster's network.
    func withdrawName(of node: NodeReference) throws(LibvirtError) {
        try changeNames(of: node.cluster) { names in names = names.filter { $0.name != node.name } }
    }

    private func changeNames(of cluster: String, _ change: (inout Set<PublishedName>) -> Void) throws(LibvirtError) {
        _ = try ifPresent(network: Identity.networkName(cluster: cluster)) { network throws(LibvirtError) in
            guard let known = PublishedName.known(to: try network.xml()) else { return }
            var wanted = known
            change(&wanted)
            for name in known.subtracting(wanted) { try network.updateHost(.delete, name.xml) }
            for name in wanted.subtracting(known) { try network.updateHost(.add, name.xml) }
        }
    }
}
