#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON as the original wrote it: members in order, and `<`, `>` and `&` escaped as Go does.
enum APIJSON {
    static func response(_ status: Int, _ value: some Encodable) throws -> APIResponse {
        APIResponse(status: status, body: try text(value))
    }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let plain = String(decoding: try encoder.encode(value), as: UTF8.self)
        guard plain.utf8.contains(where: { $0 == 0x3c || $0 == 0x3e || $0 == 0x26 }) else { return plain }
        // Outside strings these do not occur.
        var escaped = ""
        for character in plain.unicodeScalars {
            switch character {
            case "<": escaped += "\\u003c"
            case ">": escaped += "\\u003e"
            case "&": escaped += "\\u0026"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    static func decode<Value: Decodable>(_: Value.Type, _ bytes: [UInt8]) throws(APIError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw APIError(400, "unable to decode body: \(reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.debugDescription
        default: "\(error)"
        }
    }
}
