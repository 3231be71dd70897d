#if canImport(Glibc)
    import Glibc
#endif

/// Waits for what nobody announces: something on the other side of a network that does not answer yet.
enum Waiting {
    /// Asks again and again until there is an answer or the time is up.
    ///
    /// - Parameters:
    ///   - limit: how long to go on.
    ///   - pause: how long to wait between two questions; it grows up to four times that.
    ///   - question: nil for "not yet", with the reason kept for the error.
    /// - Returns: the answer, or nil when the time was up.
    static func until<Answer: Sendable>(
        _ limit: Duration,
        pause: Duration = .milliseconds(20),
        _ question: @Sendable () async throws -> Answer?,
    ) async throws -> Answer? {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var wait = pause
        while true {
            if let answer = try await question() { return answer }
            guard clock.now + wait < end else { return nil }
            try await Task.sleep(for: wait)
            wait = min(wait * 5 / 4, pause * 4)
        }
    }

    /// Whether something takes TCP connections there, now.
    static func answers(_ address: String, port: UInt16) async -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var destination = sockaddr_in()
        destination.sin_family = sa_family_t(AF_INET)
        destination.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &destination.sin_addr) == 1 else { return false }
        let begun = withUnsafePointer(to: &destination) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if begun == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        for _ in 0..<20 {
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&entry, 1, 0) == 1 {
                var failure: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
                return failure == 0
            }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return false }
        }
        return false
    }
}

/// Whether something answers on a node.
package enum Reachability {
    /// Whether something takes TCP connections there, now.
    package static func answers(_ address: String, port: UInt16) async -> Bool {
        await Waiting.answers(address, port: port)
    }
}
