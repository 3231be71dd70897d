/// Texts that a key accepts, where the type does not decide it.
package enum Validity: Sendable, Hashable {
    case oneOf([String])
    /// Three or four octal digits, and a zero before them at most: `644`, `0644`, `04755`.
    case octalMode
    /// A time of day, and a weekday before it if wanted: `Thu 04:00`.
    case rebootWindowStart
    /// A duration as Go writes them: `1h30m`.
    case rebootWindowLength

    /// Returns true when the text of a value is allowed.
    package func allows(_ text: String) -> Bool {
        switch self {
        case .oneOf(let words): words.contains(text)
        case .octalMode: Self.isOctalMode(text)
        case .rebootWindowStart: Self.isWindowStart(text)
        case .rebootWindowLength: Self.isDuration(text)
        }
    }

    /// Returns whether a node acts on a text that is not allowed, as CoreOS's did: any octal mode, and a strategy that
    /// the last version no longer named.
    package func tolerates(_ text: String) -> Bool {
        switch self {
        case .oneOf(let words):
            words.contains(RebootStrategy.etcdLock.rawValue) && RebootStrategy(rawValue: text) != nil
        case .octalMode: UInt32(text, radix: 8).map { $0 <= 0o7777 } ?? false
        case .rebootWindowStart, .rebootWindowLength: false
        }
    }

    /// For "…; valid: …".
    package var description: String {
        switch self {
        case .oneOf(let words): words.joined(separator: ", ")
        case .octalMode: "three or four octal digits, such as 0644"
        case .rebootWindowStart: "a time of day with or without a weekday, such as \"Thu 04:00\""
        case .rebootWindowLength: "a duration such as 1h30m"
        }
    }

    private static func isOctalMode(_ text: String) -> Bool {
        let digits = text.utf8
        guard (3...5).contains(digits.count), digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return false }
        return digits.count < 5 || digits.first == 0x30
    }

    private static func isWindowStart(_ text: String) -> Bool {
        var time = Substring(text)
        if let space = text.firstIndex(of: " ") {
            guard ["sun", "mon", "tue", "wed", "thu", "fri", "sat"].contains(text[..<space].lowercased()) else {
                return false
            }
            time = text[text.index(after: space)...]
        }
        let parts = time.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }),
            let hour = Int(parts[0]), let minute = Int(parts[1])
        else { return false }
        return hour < 24 && minute < 60
    }

    private static func isDuration(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        var units = 0
        while !rest.isEmpty {
            rest = rest.drop { isDigit($0.asciiValue) }
            if rest.first == "." { rest = rest.dropFirst().drop { isDigit($0.asciiValue) } }
            let unit = rest.prefix { $0.isASCII && $0.isLowercase }
            guard !unit.isEmpty else { return false }
            rest = rest[unit.endIndex...]
            units += 1
        }
        return units > 0
    }

    private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
