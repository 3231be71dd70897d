import Basics
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The JSON of etcd's v3 gateway: etcd's `rpc.proto` as grpc-gateway maps it. Zero values are left out of answers.
enum Gateway {
    typealias Number = DecimalText<Int64>
    typealias Unsigned = DecimalText<UInt64>

    struct Empty: Codable, Sendable {}

    struct Header: Decodable, Sendable {
        var revision: Number?
        var member_id: Unsigned?
        var cluster_id: Unsigned?
        var raft_term: Unsigned?
    }

    /// The body of every refusal; `code` is gRPC's status.
    struct Refusal: Decodable, Sendable {
        var error: String?
        var message: String?
        var code: Int?
    }

    struct LeaseRequest: Encodable, Sendable {
        var ID: Number?
        var TTL: Number?
    }

    struct LeaseAnswer: Decodable, Sendable {
        var header: Header?
        var ID: Number?
        var TTL: Number?
        var error: String?
    }

    /// One line of a streaming answer.
    struct Line<Result: Decodable & Sendable>: Decodable, Sendable {
        var result: Result?
        var error: Refusal?
    }
}

/// JSON in and out, with errors that show what was wrong.
enum GatewayCoding {
    static func encode(_ body: some Encodable) throws(EtcdError) -> ByteBuffer {
        do {
            return ByteBuffer(bytes: try JSONEncoder().encode(body))
        } catch {
            throw EtcdError(.refused, "a request for etcd cannot be written as JSON", cause: error)
        }
    }

    static func decode<Answer: Decodable>(
        _ body: ByteBuffer,
        from place: String,
    ) throws(EtcdError) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
        } catch {
            let start = String(decoding: body.readableBytesView.prefix(200), as: UTF8.self)
            throw EtcdError(.invalidAnswer, "\(place): unexpected answer '\(start)'", cause: error)
        }
    }
}

/// Bytes as the gateway writes them.
struct Base64Bytes: Codable, Sendable, Equatable {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do throws(Base64.Corrupt) {
            bytes = try Base64.decode(text.utf8)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Base64.encode(bytes))
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// A 64-bit number as the gateway writes it: in quotes, because JavaScript's numbers are too small.
struct DecimalText<Number: FixedWidthInteger & Codable & Sendable>: Codable, Sendable, Equatable {
    var value: Number

    init(_ value: Number) {
        self.value = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Number.self) {
            value = number
            return
        }
        let text = try container.decode(String.self)
        guard let number = Number(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no number: \(text)")
        }
        value = number
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(String(value))
    }
}
