import Basics

/// The node's end of the tunnel: a network device of the kernel's.
package struct TunnelDevice: Sendable, Hashable {
    /// Number of the network; the device is named by it.
    package var number: Int
    /// Port of UDP.
    package var port: Int
    /// Address of this node that packets go out from.
    package var local: IPv4Address
    /// Device that packets go out by.
    package var link: String
    /// Hardware address.
    package var hardwareAddress: String
    /// Largest packet, in bytes.
    package var mtu: Int

    package init(number: Int, port: Int, local: IPv4Address, link: String, hardwareAddress: String, mtu: Int) {
        self.number = number
        self.port = port
        self.local = local
        self.link = link
        self.hardwareAddress = hardwareAddress
        self.mtu = mtu
    }

    /// Name of the device, as the original's is.
    package static func name(_ number: Int) -> String { "flannel.\(number)" }
    /// Name of the device.
    package var name: String { Self.name(number) }

    /// Lines for `ip -batch` that make the device what it is to be.
    ///
    /// One that is right stays, with what it carries: a restart of flanneld interrupts nothing.
    ///
    /// - Parameters:
    ///   - present: the device of that name as it is; nil where there is none.
    ///   - addresses: those that it has.
    ///   - address: the one that it is to have.
    package func commands(
        present: TunnelDevice?,
        addresses: [IPv4Address],
        address: IPv4Address,
    ) -> [String] {
        var commands: [String] = []
        var own = addresses
        var comparable = present
        comparable?.mtu = mtu
        comparable?.hardwareAddress = hardwareAddress
        if comparable != self {
            if present != nil { commands.append("link del \(name)") }
            commands.append(
                "link add \(name) address \(hardwareAddress) mtu \(mtu) type vxlan id \(number) dev \(link) "
                    + "local \(local) dstport \(port) nolearning"
            )
            own = []
        } else if let present {
            if present.hardwareAddress != hardwareAddress {
                commands.append("link set \(name) address \(hardwareAddress)")
            }
            if present.mtu != mtu { commands.append("link set \(name) mtu \(mtu)") }
        }
        commands += own.filter { $0 != address }.map { "addr del \($0)/32 dev \(name)" }
        if !own.contains(address) { commands.append("addr add \(address)/32 dev \(name)") }
        // No address of IPv6, and so no packets for its sake.
        commands.append("link set \(name) addrgenmode none up")
        return commands
    }
}
