import AsyncHTTPClient
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps one watch going over connections that come and go.
struct Watcher {
    let client: EtcdHTTPClient
    let range: KeyRange
    /// The first revision not yet reported; 0 before the first answer of a watch "from now".
    var nextRevision: Int64

    /// Pauses between attempts grow from the first to the second.
    static let pauses = (Duration.milliseconds(50), Duration.seconds(2))

    /// Reports batches until cancelled or until etcd cannot go on.
    mutating func run(_ report: (WatchBatch) -> Void) async throws {
        var pause = Self.pauses.0
        while true {
            try Task.checkCancellation()
            let index = client.router.current
            let before = nextRevision
            do {
                try await follow(client.endpoints[index], report)
            } catch let error as EtcdError where error.isTransient {
                client.router.leave(index)
            }
            pause = nextRevision > before ? Self.pauses.0 : min(pause * 2, Self.pauses.1)
            // Those whose etcd went away together do not come back together.
            try await Task.sleep(for: pause * Double.random(in: 0.5...1))
        }
    }

    /// One connection, until it ends.
    private mutating func follow(_ endpoint: String, _ report: (WatchBatch) -> Void) async throws {
        let url = endpoint + "/v3/watch"
        let body = try GatewayCoding.encode(Gateway.WatchBody(range, from: nextRevision))
        let response = try await client.transport.stream(url, body, timeout: client.requestTimeout)
        guard response.status == .ok else {
            let text = try await response.body.collect(upTo: 1 << 16)
            throw Transport.refusal(.init(status: Int(response.status.code), body: text), url)
        }
        var lines = LineSplitter()
        do {
            for try await chunk in response.body {
                for line in try lines.add(chunk) { try take(line, url, report) }
            }
        } catch {
            throw Transport.failure(error, url, client.requestTimeout)
        }
    }

    private mutating func take(_ line: ByteBuffer, _ url: String, _ report: (WatchBatch) -> Void) throws(EtcdError) {
        let answer = try WatchLine(line, from: url)
        if let compacted = answer.compactRevision, compacted > 0 {
            throw EtcdError(.compacted, "etcd no longer has the changes from revision \(nextRevision) on")
        }
        if let reason = answer.cancelReason { throw EtcdError(.unavailable, "etcd ended the watch: \(reason)") }
        deliver(answer, report)
    }

    private mutating func deliver(_ answer: WatchLine, _ report: (WatchBatch) -> Void) {
        // The first answer of a watch from an older revision already names the present one:
        // its changes are still to come.
        if answer.isCreated {
            if nextRevision == 0 { nextRevision = answer.revision + 1 }
            return
        }
        if let last = answer.events.last {
            nextRevision = max(nextRevision, last.revision + 1)
            report(WatchBatch(revision: last.revision, events: answer.events))
        } else if answer.revision >= nextRevision {
            // A progress notice: everything up to its revision has been sent.
            nextRevision = answer.revision + 1
            report(WatchBatch(revision: answer.revision, events: []))
        }
    }
}

/// Cuts a stream of bytes into lines.
struct LineSplitter {
    /// A line is one answer of a watch, at most etcd's largest request many times over.
    static let maximumLine = 64 << 20

    private var rest = ByteBuffer()

    /// - Returns: the lines that are complete now, without their ends.
    mutating func add(_ chunk: ByteBuffer) throws(EtcdError) -> [ByteBuffer] {
        rest.writeImmutableBuffer(chunk)
        var lines: [ByteBuffer] = []
        while let length = Self.lengthOfLine(rest) {
            if let line = rest.readSlice(length: length), length > 0 { lines.append(line) }
            rest.moveReaderIndex(forwardBy: 1)
        }
        guard rest.readableBytes <= Self.maximumLine else {
            throw EtcdError(.invalidAnswer, "etcd sends a line of more than \(Self.maximumLine) bytes")
        }
        rest.discardReadBytes()
        return lines
    }

    /// Bytes before the first line's end; nil where it is not there yet. By the C library, since snapshots are long.
    private static func lengthOfLine(_ buffer: ByteBuffer) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress, let end = memchr(base, 10, bytes.count) else { return nil }
            return UnsafeRawPointer(end) - base
        }
    }
}
