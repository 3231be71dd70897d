import Basics
import FoundationEssentials

/// What all nodes of one container network share: the JSON under `config` in etcd.
///
/// It is the original's document: `{"Network": "10.1.0.0/16", "SubnetLen": 24, "SubnetMin": …, "SubnetMax": …,
/// "Backend": {"Type": "vxlan", "VNI": 1, "Port": 8472}}`. Only `Network` has to be there.
package struct NetworkConfig: Sendable, Hashable {
    /// Way in which packets go from node to node.
    package enum Backend: Sendable, Hashable {
        /// Within UDP packets between nodes. The number is the network's, the port that of UDP.
        case vxlan(number: Int, port: Int)
        /// By routes on every node, where all nodes are on one link.
        case hostGateway

        /// Word for it in etcd.
        package var name: String {
            switch self {
            case .vxlan: "vxlan"
            case .hostGateway: "host-gw"
            }
        }

        /// Bytes of each packet that it takes for itself.
        package var overhead: Int {
            switch self {
            case .vxlan: 50
            case .hostGateway: 0
            }
        }
    }

    /// All containers' network.
    package var network: CIDRv4
    /// Prefix length of a node's subnet.
    package var subnetLength: Int
    /// The first subnet that may be given.
    package var first: CIDRv4
    /// The last subnet that may be given.
    package var last: CIDRv4
    /// Way in which packets go from node to node.
    package var backend: Backend

    /// Number of subnets that may be given.
    package var subnetCount: Int { Int((last.base.number - first.base.number) >> UInt32(32 - subnetLength)) + 1 }

    /// The subnet at a place in the order of addresses, from 0 on.
    package func subnet(at place: Int) -> CIDRv4 {
        let number = first.base.number + UInt32(place) << UInt32(32 - subnetLength)
        return CIDRv4(around: IPv4Address(number: number), prefix: subnetLength)
    }

    /// Returns whether this is a subnet that may be given.
    package func gives(_ subnet: CIDRv4) -> Bool {
        subnet.prefix == subnetLength && (first.base...last.base).contains(subnet.base)
    }

    /// Prefix length of a node's subnet where the configuration names none, as the original has it.
    package static func usualSubnetLength(in network: CIDRv4) -> Int { network.prefix <= 22 ? 24 : network.prefix + 2 }

    /// Reads the document.
    ///
    /// - Throws: for one that is no configuration, or names a back end that is not here.
    package init(json: String) throws(FlannelError) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        } catch {
            throw Self.fault("'\(json.prefix(200))' is no JSON such as {\"Network\": \"10.1.0.0/16\"}")
        }
        guard let text = document.network else { throw Self.fault("\"Network\" is missing") }
        // The original takes an address within the network for the network.
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]),
            (0...32).contains(prefix)
        else { throw Self.fault("\"Network\" is '\(text)', and not one such as 10.1.0.0/16") }
        network = CIDRv4(around: address, prefix: prefix)
        backend = try Self.backend(document.backend)
        subnetLength = try Self.subnetLength(document.subnetLength, in: network)
        // The first subnet has the network's own address, which some programs take for no host's.
        let size = UInt32(1) << UInt32(32 - subnetLength)
        let wholeEnd = network.broadcast.number - (size - 1)
        first =
            try Self.subnet(document.first, "SubnetMin", network, subnetLength)
            ?? CIDRv4(
                around: IPv4Address(number: network.base.number + size),
                prefix: subnetLength
            )
        last =
            try Self.subnet(document.last, "SubnetMax", network, subnetLength)
            ?? CIDRv4(
                around: IPv4Address(number: wholeEnd),
                prefix: subnetLength
            )
        guard first.base <= last.base else { throw Self.fault("\"SubnetMin\" is after \"SubnetMax\"") }
    }

    private static func backend(_ wanted: Document.Backend?) throws(FlannelError) -> Backend {
        let type = wanted?.type ?? "vxlan"
        switch type {
        case "host-gw": return .hostGateway
        case "vxlan":
            let (number, port) = (wanted?.number ?? 1, wanted?.port ?? 0)
            guard (1...0xFF_FFFF).contains(number) else { throw fault("\"VNI\" is \(number), and not 1 to 16777215") }
            guard (0...65535).contains(port) else { throw fault("\"Port\" is \(port), and not 1 to 65535") }
            guard wanted?.usesGroups != true else { throw fault("\"GBP\" of vxlan is not there; leave it out") }
            return .vxlan(number: number, port: port == 0 ? 8472 : port)
        default:
            throw fault("the back end \"\(type)\" is not there; there are \"vxlan\" and \"host-gw\"")
        }
    }

    private static func subnetLength(_ wanted: Int?, in network: CIDRv4) throws(FlannelError) -> Int {
        guard network.prefix <= 28 else { throw fault("\(network) is too small: at least a /28 is needed") }
        let length = wanted.flatMap { $0 == 0 ? nil : $0 } ?? usualSubnetLength(in: network)
        guard (network.prefix + 2...30).contains(length) else {
            throw fault("\"SubnetLen\" is \(length), and not from \(network.prefix + 2) to 30")
        }
        return length
    }

    private static func subnet(
        _ text: String?,
        _ key: String,
        _ network: CIDRv4,
        _ length: Int,
    ) throws(FlannelError) -> CIDRv4? {
        guard let text else { return nil }
        guard let address = IPv4Address(text), network.contains(address),
            let subnet = CIDRv4(base: address, prefix: length)
        else { throw fault("\"\(key)\" is '\(text)', which begins no /\(length) of \(network)") }
        return subnet
    }

    private static func fault(_ text: String) -> FlannelError { FlannelError(.configuration, text) }
}

/// The configuration as JSON has it. Go, which the original is written in, takes keys in any case.
private struct Document: Decodable {
    struct Backend: Decodable {
        var type: String?
        var number: Int?
        var port: Int?
        var usesGroups: Bool?

        init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: AnyCase.self)
            type = try keys.decodeIfPresent(String.self, named: "type")
            number = try keys.decodeIfPresent(Int.self, named: "vni")
            port = try keys.decodeIfPresent(Int.self, named: "port")
            usesGroups = try keys.decodeIfPresent(Bool.self, named: "gbp")
        }
    }

    var network: String?
    var subnetLength: Int?
    var first: String?
    var last: String?
    var backend: Backend?

    init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: AnyCase.self)
        network = try keys.decodeIfPresent(String.self, named: "network")
        subnetLength = try keys.decodeIfPresent(Int.self, named: "subnetlen")
        first = try keys.decodeIfPresent(String.self, named: "subnetmin")
        last = try keys.decodeIfPresent(String.self, named: "subnetmax")
        backend = try keys.decodeIfPresent(Backend.self, named: "backend")
    }
}

private struct AnyCase: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<AnyCase> {
    fileprivate func decodeIfPresent<Value: Decodable>(_ type: Value.Type, named name: String) throws -> Value? {
        guard let key = allKeys.first(where: { $0.stringValue.lowercased() == name }) else { return nil }
        return try decodeIfPresent(type, forKey: key)
    }
}
