import Dispatch
import Foundation

/// Many connections to one port that say little or nothing, for as long as the object lives.
package final class IdleCrowd: Sendable {
    /// Connections of a crowd. `SLIPWAY_CONNECTIONS` sets another number; each takes a descriptor of the test's.
    package static let size = ProcessInfo.processInfo.environment["SLIPWAY_CONNECTIONS"].flatMap(Int.init) ?? 300

    /// As much of a TLS handshake as tells a server to wait for the rest.
    package static let halfHandshake: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]

    private let sockets: [Int32]

    private init(_ sockets: [Int32]) { self.sockets = sockets }

    deinit { for socket in sockets { close(socket) } }

    /// Connects so many times, off the cooperative pool.
    ///
    /// - Parameters:
    ///   - words: sent on each connection at once.
    ///   - source: address of the loopback network to come from.
    package static func gather(
        _ count: Int = size,
        on port: Int,
        saying words: [UInt8] = [],
        from source: String = "127.0.0.1",
    ) async throws -> IdleCrowd {
        raiseDescriptorLimit()
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try connect(count, port, words, source) })
            }
        }
    }

    private static func connect(_ count: Int, _ port: Int, _ words: [UInt8], _ source: String) throws -> IdleCrowd {
        var sockets: [Int32] = []
        do {
            for _ in 0..<count {
                let socket = try Loopback.connection(to: port, from: source)
                sockets.append(socket)
                // The server may have closed it by now.
                if !words.isEmpty { send(socket, words, words.count, Int32(MSG_NOSIGNAL)) }
            }
        } catch {
            for socket in sockets { close(socket) }
            throw error
        }
        return IdleCrowd(sockets)
    }

    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}
