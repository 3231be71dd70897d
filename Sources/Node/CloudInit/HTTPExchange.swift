#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One GET over a connection of its own, with a deadline for all of it. Blocks its thread.
struct HTTPExchange {
    enum Outcome: Sendable {
        case content([UInt8])
        case moved(String)
    }

    private let target: WebAddress
    private let deadline: ContinuousClock.Instant
    private let isCancelled: () -> Bool

    init(_ target: WebAddress, deadline: ContinuousClock.Instant, isCancelled: @escaping () -> Bool) {
        self.target = target
        self.deadline = deadline
        self.isCancelled = isCancelled
    }

    func run() -> Result<Outcome, WebFailure> {
        do {
            let socket = try connected()
            defer { close(socket) }
            // HTTP/1.0: the answer ends with the connection, and has no chunks in it.
            let request =
                "GET \(target.path) HTTP/1.0\r\nHost: \(target.authority)\r\n"
                + "User-Agent: coreos-cloudinit/\(CloudInit.version)\r\nAccept: */*\r\nConnection: close\r\n\r\n"
            try send(Array(request.utf8), to: socket)
            return .success(try Self.outcome(of: received(from: socket)))
        } catch {
            return .failure(error)
        }
    }

    // MARK: The answer

    static func outcome(of answer: [UInt8]) throws(WebFailure) -> Outcome {
        guard let (head, body) = split(answer) else { throw WebFailure("the answer is not HTTP, or cut off") }
        let lines = head.split { $0.isNewline }
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), let status = Int(words[1]) else {
            throw WebFailure("the answer is not HTTP")
        }
        func header(_ name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix("\(name):") }.map {
                String($0.dropFirst(name.count + 1)).trimmed
            }
        }
        switch status {
        case 200..<300:
            let content = header("transfer-encoding")?.lowercased() == "chunked" ? try joined(body) : Array(body)
            if let length = header("content-length").flatMap({ Int($0) }), content.count < length {
                throw WebFailure("the answer was cut off after \(content.count) of \(length) bytes")
            }
            return .content(content)
        case 301, 302, 303, 307, 308:
            guard let location = header("location") else { throw WebFailure("it has moved, and does not say where") }
            return .moved(location)
        default:
            throw WebFailure(
                "the server answered \(words.dropFirst().joined(separator: " "))",
                mayPass: !(400..<500).contains(status)
            )
        }
    }

    private static func split(_ answer: [UInt8]) -> (head: String, body: ArraySlice<UInt8>)? {
        var index = 0
        while let end = answer[index...].firstIndex(of: 0x0A) {
            let next = answer[(end + 1)...]
            let gap = next.starts(with: [0x0D, 0x0A]) ? 2 : next.starts(with: [0x0A]) ? 1 : 0
            if gap > 0 { return (String(decoding: answer[..<end], as: UTF8.self), next.dropFirst(gap)) }
            index = end + 1
        }
        return nil
    }

    private static func joined(_ chunks: ArraySlice<UInt8>) throws(WebFailure) -> [UInt8] {
        var rest = chunks
        var content: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0A) {
            let digits = String(decoding: rest[..<end].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self).trimmed
            guard let size = Int(digits, radix: 16), size >= 0 else { break }
            if size == 0 { return content }
            rest = rest[(end + 1)...]
            guard rest.count >= size else { break }
            content += rest.prefix(size)
            rest = rest.dropFirst(size).drop { $0 == 0x0D || $0 == 0x0A }
        }
        throw WebFailure("the answer was cut off")
    }

    // MARK: The connection

    private func connected() throws(WebFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(target.host, target.port, &hints, &found)
        guard code == 0 else {
            throw WebFailure("there is no address for \(target.host): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        var reason = "there is no address for \(target.host)"
        var next = found
        while let address = next {
            let entry = address.pointee
            next = entry.ai_next
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let descriptor = socket(entry.ai_family, type, 0)
            guard descriptor >= 0 else { continue }
            do {
                try connect(descriptor, entry)
                return descriptor
            } catch {
                close(descriptor)
                reason = error.message
            }
        }
        throw WebFailure(reason)
    }

    private func connect(_ descriptor: Int32, _ entry: addrinfo) throws(WebFailure) {
        if systemConnect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return }
        guard errno == EINPROGRESS else { throw failure("connect") }
        try wait(for: Int16(POLLOUT), on: descriptor)
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        guard code == 0 else {
            errno = code
            throw failure("connect")
        }
    }

    private func send(_ bytes: [UInt8], to socket: Int32) throws(WebFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try wait(for: Int16(POLLOUT), on: socket)
            let count = rest.withUnsafeBytes { systemSend(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { throw failure("send") }
            rest = rest.dropFirst(count)
        }
    }

    private func received(from socket: Int32) throws(WebFailure) -> [UInt8] {
        // The head is on top of what user-data may have.
        let limit = UserData.limit + 1 << 16
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            try wait(for: Int16(POLLIN), on: socket)
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count >= 0 else { throw failure("receive") }
            if count == 0 { return answer }
            answer += buffer[..<count]
            guard answer.count <= limit else {
                throw WebFailure("it is larger than \(UserData.limit >> 20) MiB", mayPass: false)
            }
        }
    }

    /// In steps, so that a search that is over is not held up.
    private func wait(for events: Int16, on descriptor: Int32) throws(WebFailure) {
        while ContinuousClock.now < deadline, !isCancelled() {
            var request = pollfd(fd: descriptor, events: events, revents: 0)
            let count = poll(&request, 1, 100)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else { throw failure("wait") }
        }
        throw WebFailure(isCancelled() ? "the search was ended" : "there was no whole answer in time")
    }

    private func failure(_ what: String) -> WebFailure {
        WebFailure("cannot \(what) (\(target.authority)): \(String(cString: strerror(errno)))")
    }
}

// The methods of the same names would hide the system's.
private func systemConnect(_ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ length: socklen_t)
    -> Int32
{
    connect(descriptor, address, length)
}

private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
    send(descriptor, bytes, count, flags)
}
