import Basics
import Planning
import TopologyModel

/// The cluster's network. https://libvirt.org/formatnetwork.html
struct NetworkXML {
    static let nameSpace = "urn:slipway:network:1"

    let network: NetworkPlan
    /// Names that its DNS server knows.
    var names: [PublishedName] = []

    var text: String { document.rendered() }

    var document: XMLElement {
        XMLElement(
            "network",
            children: [
                XMLElement("name", text: network.name),
                XMLElement("uuid", text: network.uuid),
                XMLElement("metadata", children: [metadata]),
                network.mode == .nat ? XMLElement("forward", ["mode": "nat"]) : nil,
                // No spanning tree: it would hold each node's packets back for seconds.
                XMLElement("bridge", ["name": network.bridge, "stp": "off", "delay": "0"]),
                XMLElement("mac", ["address": network.macAddress]),
                // Addresses are static, so there is no DHCP; names are forwarded to what the host asks, if it may.
                network.mode == .isolated ? XMLElement("dns", ["enable": "no"]) : dns,
                XMLElement(
                    "ip",
                    ["address": network.cidr.gateway.description, "netmask": network.cidr.netmask.description],
                ),
            ],
        )
    }

    private var dns: XMLElement? {
        names.isEmpty ? nil : XMLElement("dns", children: names.map(\.element))
    }

    private var metadata: XMLElement {
        XMLElement(
            "slipway:network",
            [
                "xmlns:slipway": Self.nameSpace, "cluster": network.cluster, "cidr": network.cidr.description,
                "mode": network.mode.rawValue,
            ],
        )
    }
}

extension ObservedNetwork {
    /// Reads a network's XML as libvirt returns it, Slipway's or not.
    init(xml: String, active: Bool) throws(XMLReader.Problem) {
        let network = try XMLReader.read(xml)
        let ours = network.all("metadata").flatMap(\.children).first { $0.declaredNameSpace == NetworkXML.nameSpace }
        self.init(
            name: network.first("name")?.text ?? "",
            cluster: ours?["cluster"],
            cidr: ours?["cidr"].flatMap { CIDRv4($0) } ?? network.all("ip").lazy.compactMap(Self.cidr).first,
            mode: network.first("forward").map { $0["mode"] == "nat" ? .nat : nil } ?? .isolated,
            bridge: network.first("bridge")?["name"],
            active: active,
        )
    }

    private static func cidr(_ ip: XMLElement) -> CIDRv4? {
        guard let address = ip["address"].flatMap({ IPv4Address($0) }) else { return nil }
        var prefix = ip["prefix"].flatMap { Int($0) }
        if let mask = ip["netmask"].flatMap({ IPv4Address($0) }) { prefix = mask.number.nonzeroBitCount }
        guard let prefix, let whole = CIDRv4(base: IPv4Address(number: 0), prefix: 0), whole.contains(address),
            (0...32).contains(prefix)
        else { return nil }
        let mask = prefix == 0 ? 0 : ~UInt32(0) << UInt32(32 - prefix)
        return CIDRv4(base: IPv4Address(number: address.number & mask), prefix: prefix)
    }
}
