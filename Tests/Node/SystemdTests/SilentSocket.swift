import Foundation
import TestKit

/// A listening unix socket that says nothing.
final class SilentSocket: Sendable {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = NSTemporaryDirectory() + "slipway-silent-\(UUID().uuidString.prefix(8))"
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw POSIXFailure("socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0 else { throw POSIXFailure("listen on \(path)") }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// Takes one connection, waits for its first words, and closes it.
    func acceptAndClose() throws {
        try waitUntilReadable(descriptor)
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { throw POSIXFailure("accept") }
        defer { close(connection) }
        try waitUntilReadable(connection)
    }

    private func waitUntilReadable(_ descriptor: Int32) throws {
        var waiting = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        guard poll(&waiting, 1, 5000) == 1 else { throw POSIXFailure("nothing came within 5 s") }
    }
}
