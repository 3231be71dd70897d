#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON with keys in order, so that equal values are equal bytes.
enum RecordJSON {
    static func encode(_ value: some Encodable) throws(RegistryError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw RegistryError(.malformed, "cannot write \(value) as JSON", cause: error)
        }
    }

    static func decode<Value: Decodable>(_: Value.Type, _ bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(bytes))
    }
}
