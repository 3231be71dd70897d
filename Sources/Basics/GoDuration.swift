/// Durations as Go's `time.ParseDuration` reads them: `1h30m`, `1.5s`, `-300ms`.
package enum GoDuration {
    private static let units: [String: Double] = [
        "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9,
    ]

    /// The duration in seconds; nil for text that is no duration, such as a number without a unit other than `0`.
    package static func seconds(_ text: some StringProtocol) -> Double? {
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        if rest == "0" { return 0 }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            let unit = rest.dropFirst(number.count).prefix { $0 != "." && !("0"..."9").contains($0) }
            guard let count = value(of: number), let scale = units[String(unit)] else { return nil }
            total += count * scale
            rest = rest.dropFirst(number.count + unit.count)
        }
        return isNegative ? -total : total
    }

    /// Go takes `.5` and `5.`, which `Double` does not all take.
    private static func value(of digits: Substring) -> Double? {
        guard digits.contains(where: { $0 != "." }) else { return nil }
        return Double("0\(digits)0".contains(".") ? "0\(digits)0" : "\(digits)")
    }
}
