import Basics
import Dispatch
import Foundation
import Synchronization

/// Sockets on 127.0.0.1 for tests.
package enum Loopback {
    /// TCP ports that nobody listens on now, and that this process has not given away before.
    ///
    /// They are below those from which the kernel takes one for a client: among thousands of connections one would have
    /// it before the program for which it is meant.
    package static func freePorts(_ count: Int) throws -> [Int] {
        try (0..<count).map { _ in try freePort() }
    }

    private static let ports = 10_000..<32_000
    private static let nextPort = Mutex(Int(getpid()) * 97)

    private static func freePort() throws -> Int {
        for _ in ports {
            let number = nextPort.withLock { number in
                number += 1
                return number
            }
            let port = ports.lowerBound + number % ports.count
            let socket = try tcpSocket()
            defer { close(socket) }
            var address = self.address(port: port)
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return port }
        }
        throw POSIXFailure("bind to a free port of 127.0.0.1")
    }

    /// One HTTP/1.1 exchange, off the cooperative pool; nil when nothing (whole) was answered within the time.
    package static func http(
        _ method: String = "GET",
        port: Int,
        path: String,
        body: String? = nil,
        contentType: String = "application/json",
        host: String? = nil,
        headers: [String: String] = [:],
        within limit: Duration = .seconds(30),
    ) async -> HTTPAnswer? {
        var request = "\(method) \(path) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\nConnection: close\r\n"
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        if let body { request += "Content-Type: \(contentType)\r\nContent-Length: \(body.utf8.count)\r\n" }
        request += "\r\n\(body ?? "")"
        let text = request
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: exchange(text, port: port, within: limit).flatMap(HTTPAnswer.init(raw:)))
            }
        }
    }

    static func tcpSocket() throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw POSIXFailure("socket") }
        return descriptor
    }

    static func bindToAnyPort(_ socket: Int32) throws -> Int {
        var address = self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 ? getsockname(socket, $0, &length) : -1
            }
        }
        guard code == 0 else { throw POSIXFailure("bind to a free port of 127.0.0.1") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }

    /// Sends the text and reads until the other side closes; nil on any failure or when the time is up.
    private static func exchange(_ text: String, port: Int, within limit: Duration) -> [UInt8]? {
        guard let socket = try? tcpSocket() else { return nil }
        defer { close(socket) }
        let deadline = ContinuousClock.now + limit
        var address = self.address(port: port)
        var pause = timeval(tv_sec: 0, tv_usec: 100_000)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &pause, socklen_t(MemoryLayout<timeval>.size))
        let connected = connect(socket, to: &address)
        let bytes = Array(text.utf8)
        guard connected, send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            return nil
        }
        return readAll(socket, until: deadline)
    }

    /// How many connections to a port were taken by its listener: those that wait in the kernel have no inode yet.
    /// https://docs.kernel.org/networking/proc_net_tcp.html
    package static func accepted(on port: Int) throws -> Int {
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let local = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        let lines = try WholeFile.text(of: "/proc/self/net/tcp")?.split(separator: "\n").dropFirst()
        return (lines ?? []).count { line in
            let fields = line.split(separator: " ")
            return fields.count > 9 && fields[1].hasSuffix(local) && fields[3] == "01" && fields[9] != "0"
        }
    }

    /// A blocking connection to a port of 127.0.0.1, from an address of the loopback network.
    package static func connection(to port: Int, from source: String = "127.0.0.1") throws -> Int32 {
        let socket = try tcpSocket()
        var own = self.address(port: 0)
        own.sin_addr.s_addr = inet_addr(source)
        let bound = withUnsafePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        var address = self.address(port: port)
        guard bound, connect(socket, to: &address) else {
            defer { close(socket) }
            throw POSIXFailure("connect to port \(port)")
        }
        return socket
    }

    /// Asks for something that goes on, and reads until the answer has some text, off the cooperative pool; what was read
    /// when the time is up or the other side closes.
    package static func stream(
        port: Int,
        path: String,
        headers: [String: String] = [:],
        until text: String,
        within limit: Duration = .seconds(30),
    ) async throws -> String {
        let socket = try connection(to: port)
        let fields = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(fields)\r\n".utf8)
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                defer { close(socket) }
                var pause = timeval(tv_sec: 0, tv_usec: 100_000)
                setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &pause, socklen_t(MemoryLayout<timeval>.size))
                _ = send(socket, request, request.count, Int32(MSG_NOSIGNAL))
                var received: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65536)
                let deadline = ContinuousClock.now + limit
                while ContinuousClock.now < deadline, !String(decoding: received, as: UTF8.self).contains(text) {
                    let count = recv(socket, &buffer, buffer.count, 0)
                    if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { break }
                    if count > 0 { received += buffer[..<count] }
                }
                continuation.resume(returning: String(decoding: received, as: UTF8.self))
            }
        }
    }

    private static func connect(_ socket: Int32, to address: inout sockaddr_in) -> Bool {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func readAll(_ socket: Int32, until deadline: ContinuousClock.Instant) -> [UInt8]? {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while ContinuousClock.now < deadline {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count == 0 { return received }
            if count > 0 {
                received += buffer[..<count]
            } else if errno != EAGAIN, errno != EINTR {
                return nil
            }
        }
        return nil
    }
}
