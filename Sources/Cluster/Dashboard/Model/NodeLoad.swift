/// What a node is busy with.
package struct NodeLoad: Sendable, Hashable, Encodable {
    /// Processes that run or wait to, averaged over a minute.
    package var load: Double?
    /// Bytes of memory in all.
    package var memory: UInt64?
    /// Bytes of memory that programs can still have.
    package var freeMemory: UInt64?
    /// Seconds since the node's boot.
    package var uptime: Double?
    /// Connections to etcd's members by the member's address: of a proxy, which members it uses.
    package var members: [String: Int]

    /// - Parameter lines: what ``script`` prints on the node, up to a line ``end``.
    package init(_ lines: [String]) {
        members = [:]
        for line in lines {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "load": load = Double(words[1])
            case "uptime": uptime = Double(words[1])
            case "MemTotal:": memory = UInt64(words[1]).map { $0 << 10 }
            case "MemAvailable:": freeMemory = UInt64(words[1]).map { $0 << 10 }
            default: if let address = Self.member(words) { members[address, default: 0] += 1 }
            }
        }
    }

    /// Last line of each round.
    package static let end = "end"

    /// Shell script that prints what ``init(_:)`` reads, again and again: one login for as long as somebody looks.
    package static let script = """
        while echo "load $(cat /proc/loadavg)"; do echo "uptime $(cat /proc/uptime)"; \
        grep -E '^Mem(Total|Available):' /proc/meminfo; cat /proc/net/tcp; echo \(end); sleep 3; done
        """

    /// Address of the member that a line of `/proc/net/tcp` is a connection to: established, and to etcd's port.
    /// https://docs.kernel.org/networking/proc_net_tcp.html
    private static func member(_ words: [String]) -> String? {
        guard words.count > 3, words[3] == "01" else { return nil }
        let parts = words[2].split(separator: ":")
        // The address is in the order of the processor's bytes, the port is not.
        guard parts.count == 2, UInt16(parts[1], radix: 16) == 2379, let number = UInt32(parts[0], radix: 16) else {
            return nil
        }
        let bytes = [0, 8, 16, 24].map { number >> UInt32($0) & 0xFF }
        return bytes[0] == 127 ? nil : bytes.map { "\($0)" }.joined(separator: ".")
    }
}
