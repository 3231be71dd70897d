import Basics
import Planning
import TopologyModel

/// The kernel's table of IPv4 routes, `/proc/net/route` (proc_net(5)): numbers in hexadecimal, in the host's byte
/// order.
enum HostRoutes {
    static let path = "/proc/net/route"

    /// Every route but the default one, by destination.
    static func parse(_ table: String) -> [HostRoute] {
        let routes = table.split(separator: "\n").dropFirst().compactMap(route)
        return Set(routes).sorted { ($0.destination.base, $0.interface) < ($1.destination.base, $1.interface) }
    }

    private static func route(_ line: Substring) -> HostRoute? {
        let fields = line.split { $0 == "\t" || $0 == " " }
        guard fields.count >= 8, let base = number(fields[1]), let mask = number(fields[7]), mask != 0 else {
            return nil
        }
        return CIDRv4(base: IPv4Address(number: base & mask), prefix: mask.nonzeroBitCount).map {
            HostRoute(destination: $0, interface: String(fields[0]))
        }
    }

    private static func number(_ hexadecimal: Substring) -> UInt32? {
        UInt32(hexadecimal, radix: 16).map { UInt32(bigEndian: $0) }
    }
}
