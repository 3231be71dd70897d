import Basics

/// The value of a setting, and where it stands.
struct ConfigurationValue {
    var text: String
    var key: String
    var place: String

    /// Without the quotes around it.
    var plain: String {
        let text = text.trimmed
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return text
        }
        return String(text.dropFirst().dropLast())
    }

    /// `a,b` or `["a", "b"]`.
    var list: [String] {
        let inner = plain.hasPrefix("[") && plain.hasSuffix("]") ? String(plain.dropFirst().dropLast()) : plain
        return inner.split(separator: ",").map { part in
            ConfigurationValue(text: String(part), key: key, place: place).plain
        }.filter { !$0.isEmpty }
    }

    /// `k=v,k=v`; parts without a sign are ignored, as the original did.
    func pairs() throws(FleetError) -> [String: String] {
        plain.split(separator: ",").reduce(into: [:]) { pairs, part in
            let halves = part.split(separator: "=", maxSplits: 1).map(\.trimmed)
            if halves.count == 2 { pairs[halves[0]] = halves[1] }
        }
    }

    func flag() throws(FleetError) -> Bool {
        switch plain.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off", "": return false
        default: throw wrong("true or false")
        }
    }

    func number(in range: ClosedRange<Int>) throws(FleetError) -> Int {
        guard let number = Int(plain), range.contains(number) else {
            throw wrong("a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// `30s`, `1m30s`, `500ms`; a bare number is seconds.
    func duration() throws(FleetError) -> Duration {
        if let seconds = Double(plain), seconds > 0 { return .milliseconds(Int64(seconds * 1000)) }
        guard let seconds = GoDuration.seconds(plain), seconds > 0 else { throw wrong("a time such as 30s") }
        return .milliseconds(Int64(seconds * 1000))
    }

    private func wrong(_ expected: String) -> FleetError {
        FleetError(.configuration, "\(place): \(key) is '\(plain)', and must be \(expected)")
    }
}
