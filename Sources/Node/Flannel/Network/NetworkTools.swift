import Basics
import FoundationEssentials

/// The node's own way into the network of nodes.
package struct NodeLink: Sendable, Hashable {
    /// Name of the device.
    package var name: String
    /// The node's address on it.
    package var address: IPv4Address
    /// Its largest packet, in bytes.
    package var mtu: Int

    package init(name: String, address: IPv4Address, mtu: Int) {
        (self.name, self.address, self.mtu) = (name, address, mtu)
    }
}

/// Programs that read and change the kernel's tables.
package protocol ToolRunning: Sendable {
    /// Runs a program to its end.
    ///
    /// - Returns: its output; nil when it failed and `mayFail`.
    func run(_ program: String, _ arguments: [String], input: String, mayFail: Bool) async throws -> String?
}

/// Network devices and tables, by `ip`, `bridge` and `iptables`.
package struct NetworkTools: Sendable {
    private let tools: any ToolRunning

    package init(_ tools: any ToolRunning) { self.tools = tools }

    // MARK: Reading

    private func read<Value: Decodable>(
        _ program: String,
        _ arguments: [String],
        mayFail: Bool = false,
    ) async throws -> [Value] {
        guard let text = try await tools.run(program, ["-json"] + arguments, input: "", mayFail: mayFail),
            !text.isEmpty
        else { return [] }
        do {
            return try JSONDecoder().decode([Value].self, from: Data(text.utf8))
        } catch {
            let words = ([program] + arguments).joined(separator: " ")
            throw FlannelError(.program, "'\(words)' prints what is not understood: \(text.prefix(200))")
        }
    }

    /// The device by which the node speaks to others.
    ///
    /// - Parameter named: its name, or the node's address on it; nil for that of the default route.
    package func link(named name: String?) async throws -> NodeLink {
        let links: [AddressEntry] = try await read("ip", ["-4", "addr", "show"])
        if let name, let address = IPv4Address(name) {
            for link in links where link.addresses.contains(address) {
                return NodeLink(name: link.ifname, address: address, mtu: link.mtu)
            }
            throw FlannelError(.configuration, "no device of this machine has the address \(address)")
        }
        var device = name
        if device == nil {
            let routes: [RouteEntry] = try await read("ip", ["-4", "route", "show", "default"])
            device = routes.lazy.compactMap(\.dev).first
        }
        guard let device else {
            throw FlannelError(.configuration, "there is no default route; name the device to use: -iface")
        }
        guard let link = links.first(where: { $0.ifname == device }), let address = link.addresses.first else {
            throw FlannelError(.configuration, "the device \(device) is not there, or has no address of IPv4")
        }
        return NodeLink(name: device, address: address, mtu: link.mtu)
    }

    /// The tunnel's device of that name, and its addresses; nil where there is none.
    package func tunnel(named name: String) async throws -> (device: TunnelDevice, addresses: [IPv4Address])? {
        // `ip` fails for a device that is not there.
        let links: [LinkEntry] = try await read("ip", ["-details", "link", "show", "dev", name], mayFail: true)
        guard let link = links.first, let data = link.linkinfo?.info_data, link.linkinfo?.info_kind == "vxlan" else {
            return nil
        }
        let device = TunnelDevice(
            number: data.id ?? 0,
            port: data.port ?? 0,
            local: data.local.flatMap { IPv4Address($0) } ?? IPv4Address(number: 0),
            link: data.link ?? "",
            hardwareAddress: link.address ?? "",
            mtu: link.mtu ?? 0,
        )
        let addresses: [AddressEntry] = try await read("ip", ["-4", "addr", "show", "dev", name])
        return (device, addresses.flatMap(\.addresses))
    }

    /// Names of all devices of flannel's tunnels.
    package func tunnelNames() async throws -> [String] {
        let links: [LinkEntry] = try await read("ip", ["-details", "link", "show", "type", "vxlan"])
        return links.compactMap(\.ifname).filter { $0.hasPrefix("flannel.") }
    }

    /// Entries that lead to peers.
    ///
    /// - Parameter network: whose routes are meant. All of it is flannel's.
    package func tables(of device: String, in network: CIDRv4, isTunnel: Bool) async throws -> ForwardingTables {
        var tables = ForwardingTables()
        let routes: [RouteEntry] = try await read(
            "ip",
            ["-4", "route", "show", "root", "\(network)", "dev", device]
        )
        for route in routes {
            guard let subnet = CIDRv4(route.dst), let gateway = route.gateway.flatMap({ IPv4Address($0) }) else {
                continue
            }
            tables.routes[subnet] = gateway
        }
        guard isTunnel else { return tables }
        let neighbours: [NeighbourEntry] = try await read(
            "ip",
            ["-4", "neigh", "show", "dev", device, "nud", "permanent"]
        )
        for entry in neighbours {
            guard let address = IPv4Address(entry.dst), let hardware = entry.lladdr else { continue }
            tables.neighbours[address] = hardware
        }
        let forwarding: [ForwardingEntry] = try await read("bridge", ["fdb", "show", "dev", device])
        for entry in forwarding {
            guard let node = entry.dst.flatMap({ IPv4Address($0) }) else { continue }
            tables.forwarding[entry.mac] = node
        }
        return tables
    }

    // MARK: Changing

    /// Runs lines of `ip` or `bridge`, each whatever the one before it came to.
    package func run(_ program: String, _ lines: [String]) async throws {
        guard !lines.isEmpty else { return }
        let input = lines.map { "\($0)\n" }.joined()
        _ = try await tools.run(program, ["-force", "-batch", "-"], input: input, mayFail: false)
    }

    /// Makes the changes in their order.
    package func apply(_ changes: TableChanges) async throws {
        try await run("ip", changes.removals)
        try await run("bridge", changes.bridge)
        try await run("ip", changes.additions)
    }

    /// Appends the rules that are not there, in their order. Others may have rules of their own between them.
    package func ensure(_ rules: [PacketRules.Rule]) async throws {
        for rule in rules {
            let check = ["-w", "-t", rule.table, "-C"] + rule.arguments
            guard try await tools.run("iptables", check, input: "", mayFail: true) == nil else { continue }
            let append = ["-w", "-t", rule.table, "-A"] + rule.arguments
            _ = try await tools.run("iptables", append, input: "", mayFail: false)
        }
    }
}

// Entries as `ip -json` and `bridge -json` print them.

private struct AddressEntry: Decodable {
    struct Info: Decodable { var local: String? }

    var ifname: String
    var mtu: Int
    var addr_info: [Info]?

    var addresses: [IPv4Address] { (addr_info ?? []).compactMap { $0.local.flatMap { IPv4Address($0) } } }
}

private struct LinkEntry: Decodable {
    struct Info: Decodable {
        var info_kind: String?
        var info_data: Details?
    }

    struct Details: Decodable {
        var id: Int?
        var port: Int?
        var local: String?
        var link: String?
    }

    // A filter leaves empty entries for what it leaves out.
    var ifname: String?
    var address: String?
    var mtu: Int?
    var linkinfo: Info?
}

private struct RouteEntry: Decodable {
    var dst: String
    var gateway: String?
    var dev: String?
}

private struct NeighbourEntry: Decodable {
    var dst: String
    var lladdr: String?
}

private struct ForwardingEntry: Decodable {
    var mac: String
    var dst: String?
}
