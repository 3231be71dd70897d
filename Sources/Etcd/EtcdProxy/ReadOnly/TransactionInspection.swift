import Basics

/// True when a transaction only reads: in both of its branches, whatever its comparisons say.
enum TransactionInspection {
    /// - Parameter message: gRPC's message with its five bytes of prefix.
    static func onlyReads(grpc message: [UInt8]) -> Bool {
        // A compressed one cannot be looked into.
        guard message.count >= 5, message[0] == 0 else { return false }
        let length = message[1..<5].reduce(0) { $0 << 8 | Int($1) }
        guard message.count - 5 == length else { return false }
        return onlyReads(transaction: message[5...], depth: 0)
    }

    /// `TxnRequest`: 1 compare, 2 success, 3 failure. What is not known counts as a write.
    private static func onlyReads(transaction bytes: ArraySlice<UInt8>, depth: Int) -> Bool {
        guard depth < 16, let fields = ProtobufFields(bytes) else { return false }
        return fields.all { number, value in
            switch number {
            case 1: true
            case 2, 3: onlyReads(operation: value, depth: depth)
            default: false
            }
        }
    }

    /// `RequestOp`: 1 range, 2 put, 3 delete range, 4 transaction.
    private static func onlyReads(operation bytes: ArraySlice<UInt8>, depth: Int) -> Bool {
        guard let fields = ProtobufFields(bytes) else { return false }
        return fields.all { number, value in
            switch number {
            case 1: true
            case 4: onlyReads(transaction: value, depth: depth + 1)
            default: false
            }
        }
    }

    /// - Parameter text: of the JSON gateway.
    static func onlyReads(json text: String) -> Bool { JSONValue(text).map { onlyReads($0, depth: 0) } ?? false }

    private static func onlyReads(_ transaction: JSONValue, depth: Int) -> Bool {
        guard depth < 16, case .object(let members) = transaction else { return false }
        return members.allSatisfy { member in
            switch member.name {
            case "compare": true
            case "success", "failure":
                member.value == .null || areReads(member.value, depth: depth)
            default: false
            }
        }
    }

    private static func onlyReads(operation: JSONValue, depth: Int) -> Bool {
        guard case .object(let members) = operation else { return false }
        return members.allSatisfy { member in
            switch member.name {
            case "requestRange", "request_range": true
            case "requestTxn", "request_txn": onlyReads(member.value, depth: depth + 1)
            default: false
            }
        }
    }

    private static func areReads(_ operations: JSONValue, depth: Int) -> Bool {
        guard case .array(let operations) = operations else { return false }
        return operations.allSatisfy { onlyReads(operation: $0, depth: depth) }
    }
}

/// The fields of one protobuf message, as far as they are messages themselves.
private struct ProtobufFields {
    private var fields: [(number: UInt64, value: ArraySlice<UInt8>)] = []

    /// Nil for what is not a message of nothing but length-delimited fields.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            guard let tag = Self.varint(&rest), tag & 7 == 2, let length = Self.varint(&rest),
                length <= UInt64(rest.count)
            else { return nil }
            fields.append((tag >> 3, rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
    }

    func all(_ holds: (UInt64, ArraySlice<UInt8>) -> Bool) -> Bool { fields.allSatisfy { holds($0.number, $0.value) } }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
