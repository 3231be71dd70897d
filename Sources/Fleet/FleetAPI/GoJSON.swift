#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON as Go's `encoding/json` writes and reads it, which is what fleet's clients and servers speak: members in order,
/// `<`, `>` and `&` escaped, and the case of a member's name of no account.
package enum GoJSON {
    /// - Throws: `EncodingError` for a number that JSON does not have.
    package static func text(_ value: some Encodable) throws -> String {
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

    /// - Throws: ``APIObjectError``, which says what is wrong with the document.
    package static func decode<Value: Decodable>(
        _: Value.Type,
        _ bytes: some Collection<UInt8>,
    ) throws(APIObjectError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            let name = path.last?.stringValue ?? ""
            return MemberName(stringValue: names[name.lowercased()] ?? name)
        }
        do {
            return try decoder.decode(Value.self, from: Data(bytes))
        } catch let error as APIObjectError {
            throw error
        } catch {
            throw APIObjectError(error as? DecodingError)
        }
    }

    /// The names of all members that fleet's objects have, by what they are without regard to case. Keys of maps, such
    /// as machines' metadata, are no such names, and stay as they are.
    private static let names = Dictionary(
        uniqueKeysWithValues: [
            "abort", "code", "current", "currentState", "desiredState", "error", "hash", "id", "machineID", "machines",
            "message", "metadata", "mode", "name", "nextPageToken", "op", "options", "outcome", "path", "phase",
            "primaryIP", "reason", "revision", "section", "settleSeconds", "states", "statusReason",
            "systemdActiveState", "systemdLoadState", "systemdSubState", "timeoutSeconds", "units", "updated",
            "updates", "value", "waiting",
        ].map { ($0.lowercased(), $0) }
    )

    private struct MemberName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// A JSON document that is not the object expected, described for its sender.
package struct APIObjectError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }

    init(_ error: DecodingError?) {
        switch error {
        case .typeMismatch(_, let context): self.init("\(Self.place(context.codingPath)) has the wrong type")
        case .valueNotFound(_, let context): self.init("\(Self.place(context.codingPath)) is null")
        case .keyNotFound(let key, let context):
            self.init("\(Self.place(context.codingPath + [key])) is missing")
        default: self.init("not a JSON document")
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        let names = path.map { key in key.intValue.map(String.init) ?? key.stringValue }
        return names.isEmpty ? "the document" : names.joined(separator: ".")
    }
}
