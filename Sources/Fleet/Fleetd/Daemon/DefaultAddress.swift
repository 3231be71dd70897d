import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The machine's address as seen from outside.
enum DefaultAddress {
    /// The IPv4 address the default route leaves from, or the first one that is not a loopback; nil when there is none.
    static func find() -> String? {
        routeSource() ?? firstAddress()
    }

    /// Asks the kernel which address it would send from; nothing is sent.
    private static func routeSource() -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // TEST-NET-3 of RFC 5737: routed like any address of the internet, and nobody's.
        guard let remote = try? SocketAddress(ipAddress: "203.0.113.1", port: 9) else { return nil }
        let connected = remote.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        guard connected == 0 else { return nil }
        let local = UnsafeMutablePointer<sockaddr_in>.allocate(capacity: 1)
        defer { local.deallocate() }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = local.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        return named == 0 ? SocketAddress(local.pointee).ipAddress : nil
    }

    private static func firstAddress() -> String? {
        let devices = (try? System.enumerateDevices()) ?? []
        let addresses = devices.compactMap { device -> String? in
            guard case .v4? = device.address else { return nil }
            return device.address?.ipAddress
        }
        return addresses.first { !$0.hasPrefix("127.") }
    }
}
