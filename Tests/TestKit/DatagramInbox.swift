import Foundation

/// A unix datagram socket that a program under test writes to, as services write to systemd.
package final class DatagramInbox: Sendable {
    private let descriptor: Int32

    /// Binds a datagram socket at a path.
    package init(path: String) throws {
        descriptor = try boundUnixSocket(SOCK_DGRAM, at: path)
    }

    deinit { close(descriptor) }

    /// The next message; waits at most 5 s for it.
    package func next() throws -> String {
        var waiting = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        guard poll(&waiting, 1, 5000) == 1 else {
            throw NeverHappened(what: "a datagram", limit: .seconds(5))
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw POSIXFailure("receive") }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}

/// Makes a unix socket and binds it to a path, of at most 107 bytes.
package func boundUnixSocket(_ type: __socket_type, at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw POSIXFailure("socket") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    guard bound == 0 else { throw POSIXFailure("bind \(path)") }
    return descriptor
}
