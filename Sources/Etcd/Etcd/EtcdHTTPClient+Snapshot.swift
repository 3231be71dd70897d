import AsyncHTTPClient
import Basics
import NIOCore
import NIOHTTP1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension EtcdHTTPClient {
    /// Streams a copy of etcd's whole v3 store as one member has it, in the form that `etcdctl snapshot save` writes:
    /// the database, and the SHA-256 of it as its last 32 bytes.
    ///
    /// - Parameters:
    ///   - endpoint: client URL of the member.
    ///   - limit: time for all of it.
    ///   - take: is given the bytes in order. What it throws ends the stream, and is the cause of the error.
    /// - Throws: also when the stream ends before its end; what was taken is to be thrown away then.
    package func snapshot(
        of endpoint: String,
        within limit: Duration,
        _ take: @escaping @Sendable (Data) throws -> Void,
    ) async throws(EtcdError) {
        let url = endpoint + "/v3/maintenance/snapshot"
        do {
            let done: Bool? = try await withDeadline(limit) {
                try await follow(url, take)
                return true
            }
            guard done != nil else { throw EtcdError(.timeout, "\(url) does not end within \(limit)") }
        } catch {
            throw Transport.failure(error, url, limit)
        }
    }

    private func follow(_ url: String, _ take: (Data) throws -> Void) async throws {
        let response = try await transport.stream(url, GatewayCoding.encode(Gateway.Empty()), timeout: requestTimeout)
        guard response.status == .ok else {
            let text = try await response.body.collect(upTo: 1 << 16)
            throw Transport.refusal(.init(status: Int(response.status.code), body: text), url)
        }
        var lines = LineSplitter()
        // The last part is the checksum, after which nothing remains.
        var isComplete = false
        for try await chunk in response.body {
            for line in try lines.add(chunk) {
                if let bytes = SnapshotLine.blob(line) {
                    isComplete = SnapshotLine.isLast(line) && bytes.count == 32
                    try Self.hand(bytes, to: take)
                } else {
                    let part: Gateway.Line<Gateway.SnapshotAnswer> = try GatewayCoding.decode(line, from: url)
                    if let refusal = part.error { throw EtcdError(refusal: refusal, status: 500, where: url) }
                }
            }
        }
        guard isComplete else { throw EtcdError(.unavailable, "\(url): the snapshot ended before it was whole") }
    }

    private static func hand(_ bytes: Data, to take: (Data) throws -> Void) throws(EtcdError) {
        do {
            try take(bytes)
        } catch {
            throw EtcdError(.refused, "the snapshot cannot be kept", cause: error)
        }
    }
}

extension Gateway {
    struct SnapshotAnswer: Decodable, Sendable {
        var remaining_bytes: Unsigned?
        var blob: Base64Bytes?
    }
}

/// A line of a snapshot's stream, `{"result":{"remaining_bytes":"32768","blob":"…"}}`, read without a JSON decoder: a
/// store of 64 MiB has two thousand of them.
enum SnapshotLine {
    private static let blobKey = Array(#""blob":""#.utf8)
    private static let remainingKey = Array(#""remaining_bytes":""#.utf8)

    /// Bytes of the part; nil for a line of another kind.
    static func blob(_ line: ByteBuffer) -> Data? {
        text(after: blobKey, in: line).flatMap { Data(base64Encoded: $0) }
    }

    /// True when nothing follows: zero values are left out.
    static func isLast(_ line: ByteBuffer) -> Bool { text(after: remainingKey, in: line) == nil }

    /// The text from the end of `key` to the next quote.
    private static func text(after key: [UInt8], in line: ByteBuffer) -> Data? {
        line.withUnsafeReadableBytes { bytes -> Data? in
            guard let start = start(of: key, in: bytes) else { return nil }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            guard let base = rest.baseAddress, let quote = memchr(base, CInt(UInt8(ascii: "\"")), rest.count) else {
                return nil
            }
            return Data(rest[..<(UnsafeRawPointer(quote) - base)])
        }
    }

    /// Position after `key`, which is looked for where the short parts of a line are: at its beginning, and before the
    /// blob's text.
    private static func start(of key: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int? {
        let last = min(bytes.count - key.count, 256)
        guard last >= 0 else { return nil }
        return (0...last).first { offset in key.indices.allSatisfy { bytes[offset + $0] == key[$0] } }
            .map { $0 + key.count }
    }
}
