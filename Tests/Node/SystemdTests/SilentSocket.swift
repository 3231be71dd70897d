import Foundation
import TestKit

/// A listening unix socket that says nothing.
final class SilentSocket: Sendable {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = NSTemporaryDirectory() + "slipway-silent-\(UUID().uuidString.prefix(8))"
        descriptor = try boundUnixSocket(SOCK_STREAM, at: path)
        guard listen(descriptor, 8) == 0 else { throw POSIXFailure("listen on \(path)") }
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
        guard poll(&waiting, 1, 30_000) == 1 else { throw POSIXFailure("nothing came within 30 s") }
    }
}
