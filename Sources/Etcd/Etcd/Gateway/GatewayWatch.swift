import Basics
import NIOCore

/// One line of the answer to a watch, read without a decoder that knows types: every machine is told of every change of
/// every other one, and such a decoder takes a hundred times as long.
struct WatchLine {
    /// The store's revision when etcd answered.
    var revision: Int64
    var isCreated: Bool
    /// Why etcd ended the watch; nil where it did not.
    var cancelReason: String?
    /// The oldest revision that etcd still has, where the watch began before it.
    var compactRevision: Int64?
    var events: [KeyEvent]

    /// - Parameter url: where the line comes from, for errors.
    init(_ line: ByteBuffer, from url: String) throws(EtcdError) {
        guard let json = line.withUnsafeReadableBytes({ JSONValue(utf8: $0) }) else {
            throw Self.unexpected(line, url)
        }
        if let error = json["error"] {
            // Refusals are rare, and read as those of other requests are.
            let refusal: Gateway.Line<Gateway.Empty> = try GatewayCoding.decode(line, from: url)
            throw EtcdError(refusal: refusal.error ?? Gateway.Refusal(error: error.text), status: 500, where: url)
        }
        do throws(Malformed) {
            try self.init(result: json["result"] ?? .object([]))
        } catch {
            throw Self.unexpected(line, url)
        }
    }

    private static func unexpected(_ line: ByteBuffer, _ url: String) -> EtcdError {
        let start = String(decoding: line.readableBytesView.prefix(200), as: UTF8.self)
        return EtcdError(.invalidAnswer, "\(url): unexpected answer '\(start)'")
    }

    private struct Malformed: Error {}

    private init(result: JSONValue) throws(Malformed) {
        revision = try Self.number("revision", of: result["header"]) ?? 0
        isCreated = result["created"] == .bool(true)
        cancelReason = result["canceled"] == .bool(true) ? result["cancel_reason"]?.text ?? "no reason given" : nil
        compactRevision = try Self.number("compact_revision", of: result)
        events = []
        for event in result["events"]?.elements ?? [] { events.append(try Self.event(event)) }
    }

    private static func event(_ event: JSONValue) throws(Malformed) -> KeyEvent {
        guard let pair = event["kv"], let key = try bytes("key", of: pair) else { throw Malformed() }
        let keyValue = KeyValue(
            key: String(decoding: key, as: UTF8.self),
            value: try bytes("value", of: pair) ?? [],
            createRevision: try number("create_revision", of: pair) ?? 0,
            modRevision: try number("mod_revision", of: pair) ?? 0,
            version: try number("version", of: pair) ?? 0,
            lease: try number("lease", of: pair).map { LeaseID($0) },
        )
        guard event["type"]?.text == "DELETE" else { return .put(keyValue) }
        return .delete(key: keyValue.key, revision: keyValue.modRevision)
    }

    /// A number in quotes, as the gateway writes those of 64 bits, or without.
    private static func number(_ name: String, of object: JSONValue?) throws(Malformed) -> Int64? {
        switch object?[name] {
        case nil, .null: return nil
        case .string(let digits), .number(let digits):
            guard let number = Int64(digits) else { throw Malformed() }
            return number
        default: throw Malformed()
        }
    }

    private static func bytes(_ name: String, of object: JSONValue) throws(Malformed) -> [UInt8]? {
        guard let value = object[name] else { return nil }
        guard let text = value.text, let bytes = try? Base64.decode(text.utf8) else { throw Malformed() }
        return bytes
    }
}
