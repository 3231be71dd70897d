#if canImport(Glibc)
    import Glibc
#endif

/// Waits for what no event announces: something on the other side of a network that does not answer yet.
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

    /// Returns whether something takes TCP connections there, now.
    ///
    /// - Parameter proxyPort: of a SOCKS server on this host's loopback, through which it is reached.
    static func answers(_ address: String, port: UInt16, through proxyPort: Int? = nil) async -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var destination = sockaddr_in()
        destination.sin_family = sa_family_t(AF_INET)
        destination.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &destination.sin_addr) == 1 else { return false }
        if let proxyPort {
            let wanted = destination.sin_addr
            destination.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            destination.sin_port = UInt16(truncatingIfNeeded: proxyPort).bigEndian
            guard await connect(descriptor, to: destination) else { return false }
            return await connects(descriptor, to: wanted, port)
        }
        return await connect(descriptor, to: destination)
    }

    private static func connect(_ descriptor: Int32, to destination: sockaddr_in) async -> Bool {
        var destination = destination
        let begun = withUnsafePointer(to: &destination) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if begun == 0 { return true }
        guard errno == EINPROGRESS, await isReady(descriptor, for: POLLOUT, within: 20) else { return false }
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
        return failure == 0
    }

    /// Polls every 10 ms, so many times.
    private static func isReady(_ descriptor: Int32, for event: Int32, within times: Int) async -> Bool {
        for _ in 0..<times {
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            if poll(&entry, 1, 0) == 1 { return true }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return false }
        }
        return false
    }

    /// Asks a SOCKS server (RFC 1928) to connect to the address, and for how it went.
    private static func connects(_ descriptor: Int32, to address: in_addr, _ port: UInt16) async -> Bool {
        let bytes = withUnsafeBytes(of: address.s_addr) { Array($0) } + [UInt8(port >> 8), UInt8(port & 0xFF)]
        // Version 5 without a login; then: connect to this IPv4 address.
        for (request, length) in [([5, 1, 0], 2), ([5, 1, 0, 1] + bytes, 10)] {
            guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count,
                await isReady(descriptor, for: POLLIN, within: 100)
            else { return false }
            var answer = [UInt8](repeating: 0, count: length)
            guard recv(descriptor, &answer, length, 0) == length, answer[0] == 5, answer[1] == 0 else { return false }
        }
        return true
    }
}

/// True when something answers on a node.
package enum Reachability {
    /// Returns whether something takes TCP connections there, now.
    ///
    /// - Parameter proxyPort: of a SOCKS server on this host's loopback, through which it is reached.
    package static func answers(_ address: String, port: UInt16, through proxyPort: Int? = nil) async -> Bool {
        await Waiting.answers(address, port: port, through: proxyPort)
    }
}
