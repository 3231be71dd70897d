import Basics
import Etcd
import FoundationEssentials

/// What a node says of itself beside its subnet: the JSON of a lease in etcd.
package struct LeaseAttributes: Sendable, Hashable {
    /// Address at which other nodes reach it.
    package var publicIP: IPv4Address
    /// Word for its back end.
    package var backend: String
    /// Hardware address of its end of the tunnel, in lower case; nil for other back ends than vxlan.
    package var tunnelAddress: String?

    package init(publicIP: IPv4Address, backend: String, tunnelAddress: String? = nil) {
        (self.publicIP, self.backend, self.tunnelAddress) = (publicIP, backend, tunnelAddress)
    }

    /// Reads a lease; nil for a text that is none.
    package init?(json: String) {
        guard let read = try? JSONDecoder().decode(Document.self, from: Data(json.utf8)) else { return nil }
        publicIP = read.PublicIP
        backend = read.BackendType ?? ""
        tunnelAddress = read.BackendData?.VtepMAC?.lowercased()
        if let address = tunnelAddress, !HardwareAddress.isValid(address) { return nil }
    }

    /// The document as the original writes it. Nothing in it needs to be escaped.
    package var json: String {
        let data = tunnelAddress.map { #","BackendData":{"VtepMAC":"\#($0)"}"# } ?? ""
        return #"{"PublicIP":"\#(publicIP)","BackendType":"\#(backend)"\#(data)}"#
    }

    private struct Document: Decodable {
        struct Data: Decodable { var VtepMAC: String? }

        var PublicIP: IPv4Address
        var BackendType: String?
        var BackendData: Data?
    }
}

/// Hardware addresses, written `0e:11:22:33:44:55`.
package enum HardwareAddress {
    /// Returns whether the text is one, in lower case.
    package static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6
            && parts.allSatisfy { $0.utf8.count == 2 && $0.allSatisfy { $0.isHexDigit && !$0.isUppercase } }
    }

    /// A new one, of the range that is nobody's.
    package static func random(using generator: inout some RandomNumberGenerator) -> String {
        let bytes = (0..<6).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return ([bytes[0] & 0xFC | 0x02] + bytes[1...]).map { Hex.encode([$0]) }.joined(separator: ":")
    }
}

/// A subnet that is given, as etcd has it.
package struct StoredLease: Sendable, Hashable {
    /// Subnet of a node.
    package var subnet: CIDRv4
    /// What the node says of itself; nil where that is not to be read. The subnet is given all the same.
    package var attributes: LeaseAttributes?
    /// State of the key: v2's `modifiedIndex`, v3's revision.
    package var version: UInt64
    /// Lease that the key ends with, where it is one of v3's.
    package var etcdLease: LeaseID?
    /// True for a reservation, which never ends.
    package var isPermanent: Bool

    package init(
        subnet: CIDRv4,
        attributes: LeaseAttributes?,
        version: UInt64,
        etcdLease: LeaseID? = nil,
        isPermanent: Bool = false,
    ) {
        self.subnet = subnet
        self.attributes = attributes
        self.version = version
        self.etcdLease = etcdLease
        self.isPermanent = isPermanent
    }

    /// The subnet as its key has it: `10.1.15.0-24`.
    package static func keyName(of subnet: CIDRv4) -> String { "\(subnet.base)-\(subnet.prefix)" }

    /// The subnet of a key; nil for a name that is none.
    package static func subnet(ofKeyName name: some StringProtocol) -> CIDRv4? {
        CIDRv4(name.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "/"))
    }
}

/// What etcd has of a container network at one moment.
package struct NetworkState: Sendable, Hashable {
    /// Moment of it, from which changes are waited for.
    package enum Position: Sendable, Hashable {
        case v2(UInt64)
        case v3(Int64)
    }

    /// The configuration's text; nil where there is none yet.
    package var config: String?
    /// Version of the configuration's key; 0 where there is none.
    package var configVersion: UInt64
    /// Subnets that are given, by address.
    package var leases: [StoredLease]
    /// Moment of it.
    package var position: Position

    /// - Parameter leases: in any order.
    package init(config: String?, configVersion: UInt64 = 0, leases: [StoredLease], position: Position) {
        self.config = config
        self.configVersion = configVersion
        self.leases = leases.sorted { ($0.subnet.base, $0.subnet.prefix) < ($1.subnet.base, $1.subnet.prefix) }
        self.position = position
    }
}
