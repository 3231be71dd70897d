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
