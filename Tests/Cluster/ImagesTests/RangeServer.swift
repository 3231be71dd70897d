import FoundationEssentials
import Glibc
import Synchronization
import TestKit

/// An HTTP server of one file, which knows ranges and may break off.
final class RangeServer: Sendable {
    /// How it behaves, and what it saw.
    struct State: Sendable {
        var content: [UInt8]
        var hasRanges = true
        var tellsLength = true
        /// What it calls the file.
        var tag: String?
        /// How many bytes each answer has at most before the connection breaks; nil for all.
        var breaksAfter: Int?
        /// The first byte that each request asked for.
        var offsets: [Int] = []
    }

    let state: Mutex<State>

    init(_ content: [UInt8]) { state = Mutex(State(content: content)) }

    var offsets: [Int] { state.withLock { $0.offsets } }

    /// Serves while `body` runs, which is given the file's URL.
    func serving<Result>(_ body: (String) async throws -> Result) async throws -> Result {
        let server = try LoopbackServer { [self] connection in answer(on: connection) }
        defer { server.stop() }
        return try await body("http://127.0.0.1:\(server.port)/disk.img")
    }

    private func answer(on connection: Int32) {
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !request.contains("\r\n\r\n"), case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            request += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let line = request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("range: bytes=") }
        let wanted = line.flatMap { Int($0.dropFirst("range: bytes=".count).prefix { $0 != "-" }) } ?? 0
        let known = request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("if-range: ") }
            .map { String($0.dropFirst("if-range: ".count)) }
        let reply = state.withLock { state -> [UInt8] in
            state.offsets.append(wanted)
            let isOther = known.map { $0 != state.tag } ?? false
            let start = state.hasRanges && !isOther ? wanted : 0
            let total = state.content.count
            guard start < total else { return Array("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n".utf8) }
            var head = start > 0 ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n"
            if start > 0 { head += "Content-Range: bytes \(start)-\(total - 1)/\(total)\r\n" }
            if let tag = state.tag { head += "ETag: \(tag)\r\n" }
            if state.tellsLength { head += "Content-Length: \(total - start)\r\n" }
            let end = state.breaksAfter.map { min(total, start + $0) } ?? total
            return Array((head + "Connection: close\r\n\r\n").utf8) + state.content[start..<end]
        }
        var rest = reply[...]
        while !rest.isEmpty {
            let quiet = Int32(MSG_NOSIGNAL)
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, quiet) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
