import Basics
import Synchronization

@testable import Flannel

/// The kernel's tables, as lines of `ip -batch` and `bridge -batch` change them.
struct FakeKernel {
    var tables = ForwardingTables()
    var device: TunnelDevice?
    var addresses: [IPv4Address] = []
    /// Number of times that the device was made.
    var devicesMade = 0
    var rules: [[String]] = []
    /// Lines that the programs would refuse.
    var failures: [String] = []

    mutating func run(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        func value(_ name: String) -> String { words.firstIndex(of: name).map { words[$0 + 1] } ?? "" }
        switch (words[0], words[1]) {
        case ("route", "replace"):
            guard let subnet = CIDRv4(words[2]), let gateway = IPv4Address(value("via")) else { break }
            return tables.routes[subnet] = gateway
        case ("route", "del"):
            if let subnet = CIDRv4(words[2]), tables.routes.removeValue(forKey: subnet) != nil { return }
        case ("neigh", "replace"):
            guard let address = IPv4Address(words[2]) else { break }
            return tables.neighbours[address] = value("lladdr")
        case ("neigh", "del"):
            if let address = IPv4Address(words[2]), tables.neighbours.removeValue(forKey: address) != nil { return }
        case ("fdb", "append"):
            if tables.forwarding[words[2]] == nil { return tables.forwarding[words[2]] = IPv4Address(value("dst")) }
        case ("fdb", "del"):
            if tables.forwarding[words[2]] == IPv4Address(value("dst")) { return tables.forwarding[words[2]] = nil }
        case ("link", "add"):
            guard device == nil, let local = IPv4Address(value("local")) else { break }
            device = TunnelDevice(
                number: Int(value("id")) ?? 0,
                port: Int(value("dstport")) ?? 0,
                local: local,
                link: value("dev"),
                hardwareAddress: value("address"),
                mtu: Int(value("mtu")) ?? 0,
            )
            devicesMade += 1
            return
        case ("link", "del"):
            if device != nil { return (device, addresses, tables) = (nil, [], ForwardingTables()) }
        case ("link", "set"): return
        case ("addr", "add"):
            if let address = CIDRv4(words[2])?.base { return addresses.append(address) }
        case ("addr", "del"):
            if let address = CIDRv4(words[2])?.base { return addresses.removeAll { $0 == address } }
        default: break
        }
        failures.append(line)
    }
}

/// `ip`, `bridge` and `iptables` of a machine with one device, eth0.
final class FakeTools: ToolRunning {
    private let kernel = Mutex(FakeKernel())
    private let address: IPv4Address

    init(address: IPv4Address) { self.address = address }

    var state: FakeKernel { kernel.withLock { $0 } }
    func change(_ change: (inout FakeKernel) -> Void) { kernel.withLock { change(&$0) } }

    func run(_ program: String, _ arguments: [String], input: String, mayFail: Bool) async throws -> String? {
        try kernel.withLock { kernel in
            if program == "iptables" { return Self.rule(arguments, &kernel) }
            if arguments.contains("-batch") {
                for line in input.split(separator: "\n") { kernel.run(String(line)) }
                if let failed = kernel.failures.first { throw FlannelError(.program, "refused: \(failed)") }
                return ""
            }
            return answer(arguments.filter { !$0.hasPrefix("-") }, kernel)
        }
    }

    private static func rule(_ arguments: [String], _ kernel: inout FakeKernel) -> String? {
        let rule = [arguments[2]] + arguments.dropFirst(4)
        if arguments[3] == "-C" { return kernel.rules.contains(rule) ? "" : nil }
        kernel.rules.append(rule)
        return ""
    }

    private func answer(_ words: [String], _ kernel: FakeKernel) -> String? {
        let tables = kernel.tables
        switch words.joined(separator: " ") {
        case "addr show":
            return #"[{"ifname":"eth0","mtu":1500,"addr_info":[{"family":"inet","local":"\#(address)"}]}]"#
        case "route show default": return #"[{"dst":"default","gateway":"10.71.3.1","dev":"eth0"}]"#
        case "link show type vxlan": return kernel.device.map { #"[{},{"ifname":"\#($0.name)"}]"# } ?? ""
        case "link show dev flannel.1":
            return kernel.device.map { device in
                """
                [{"ifname":"\(device.name)","mtu":\(device.mtu),"address":"\(device.hardwareAddress)","linkinfo":{
                "info_kind":"vxlan","info_data":{"id":\(device.number),"local":"\(device.local)","link":"\(device.link)",
                "port":\(device.port)}}}]
                """
            }
        case "addr show dev flannel.1":
            let list = kernel.addresses.map { #"{"local":"\#($0)"}"# }.joined(separator: ",")
            return #"[{"ifname":"flannel.1","mtu":1450,"addr_info":[\#(list)]}]"#
        case let text where text.hasPrefix("route show root"):
            return Self.list(tables.routes.map { #"{"dst":"\#($0)","gateway":"\#($1)","flags":[]}"# })
        case let text where text.hasPrefix("neigh show"):
            return Self.list(tables.neighbours.map { #"{"dst":"\#($0)","lladdr":"\#($1)"}"# })
        case let text where text.hasPrefix("fdb show"):
            return Self.list(tables.forwarding.map { #"{"mac":"\#($0)","dst":"\#($1)"}"# })
        default: return nil
        }
    }

    private static func list(_ entries: [String]) -> String { "[\(entries.joined(separator: ","))]" }
}
