/// Numbers for people.
package enum Format {
    /// `850 ms`, `1.8 s`, `42 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`. Negative durations count as none.
    package static func duration(_ duration: Duration) -> String {
        let (seconds, attoseconds) = max(duration, .zero).components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        // The limits are where rounding would show the next unit's first number.
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 9950 { return "\(tenths((milliseconds + 50) / 100)) s" }
        let whole = (milliseconds + 500) / 1000
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return pair(whole / 60, "min", whole % 60, "s") }
        if whole < 86400 { return pair(whole / 3600, "h", whole % 3600 / 60, "min") }
        return pair(whole / 86400, "d", whole % 86400 / 3600, "h")
    }

    /// `0 B`, `512 MiB`, `1.5 GiB`: at most one decimal, none from ten on.
    package static func bytes(_ count: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var unit = 0
        var scale: Int64 = 1
        while count / scale >= 1024, unit < units.count - 1 {
            scale *= 1024
            unit += 1
        }
        let whole = count / scale
        if unit == 0 || whole >= 10 { return "\(whole) \(units[unit])" }
        return "\(tenths(whole * 10 + count % scale * 10 / scale)) \(units[unit])"
    }

    /// Amount of memory given in MiB, for people.
    package static func mebibytes(_ count: Int) -> String { bytes(Int64(count) * 1024 * 1024) }

    /// `1 node`, `2 nodes`, `0 nodes`.
    ///
    /// - Parameter plural: for words that take more than an `s`.
    package static func count(_ number: Int, _ noun: String, plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// `a`, `a and b`, `a, b and c`.
    package static func list(_ items: [String], conjunction: String = "and") -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return "\(items.dropLast().joined(separator: ", ")) \(conjunction) \(last)"
    }

    private static func tenths(_ number: Int64) -> String {
        number % 10 == 0 ? "\(number / 10)" : "\(number / 10).\(number % 10)"
    }

    private static func pair(_ large: Int64, _ largeUnit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
    }
}
