/// The JSON of etcd's v3 gateway: etcd's `rpc.proto` as grpc-gateway maps it. Zero values are left out of answers.
enum Gateway {
    typealias Number = DecimalText<Int64>
    typealias Unsigned = DecimalText<UInt64>

    struct Empty: Codable, Sendable {}

    struct Header: Decodable, Sendable {
        var revision: Number?
        var member_id: Unsigned?
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
