import Glibc

/// Tells the systemd that started this program how it does: one datagram to `NOTIFY_SOCKET`, by hand, so that the
/// program needs no libsystemd. Protocol: sd_notify(3).
package struct ServiceNotifier: Sendable {
    /// A path, or a name that starts with `@` (an abstract socket); nil when no manager asked for notifications.
    private let address: String?

    package init(address: String?) { self.address = address }

    /// - Returns: the errno of a failure, which callers can only log.
    @discardableResult
    package func send(_ state: String) -> Int32? {
        guard let address, address.hasPrefix("/") || address.hasPrefix("@") else { return nil }
        var target = sockaddr_un()
        let path = Array(address.utf8)
        guard path.count < MemoryLayout.size(ofValue: target.sun_path) else { return ENAMETOOLONG }
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { bytes in
            bytes.copyBytes(from: path)
            if path.first == UInt8(ascii: "@") { bytes[0] = 0 }
        }
        let offset = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: target.sun_path)
        return deliver(state, to: target, length: socklen_t(offset + path.count))
    }

    private func deliver(_ state: String, to target: sockaddr_un, length: socklen_t) -> Int32? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        let bytes = Array(state.utf8)
        let sent = withUnsafePointer(to: target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
        return sent == bytes.count ? nil : errno
    }
}
