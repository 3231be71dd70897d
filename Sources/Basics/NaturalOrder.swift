/// The order of names as people count: `worker-2` before `worker-10`.
package enum NaturalOrder {
    /// Returns true when a name comes before another: runs of digits are compared as numbers, everything else byte by
    /// byte. Of numbers that are equal, the one with fewer leading zeros comes first.
    package static func precedes(_ first: some StringProtocol, _ second: some StringProtocol) -> Bool {
        var (left, right) = (Array(first.utf8)[...], Array(second.utf8)[...])
        while let a = left.first, let b = right.first {
            guard isDigit(a), isDigit(b) else {
                if a != b { return a < b }
                left.removeFirst()
                right.removeFirst()
                continue
            }
            let (one, other) = (number(&left), number(&right))
            if one.count != other.count { return one.count < other.count }
            if one != other { return one.lexicographicallyPrecedes(other) }
        }
        guard left.isEmpty, right.isEmpty else { return left.isEmpty }
        return first.utf8.count != second.utf8.count
            ? first.utf8.count < second.utf8.count : first.utf8.lexicographicallyPrecedes(second.utf8)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    /// Takes the digits at the front. Returns them without leading zeros.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = bytes.prefix(while: isDigit)
        bytes = bytes.dropFirst(digits.count)
        return digits.drop { $0 == 48 }
    }
}

extension Sequence where Element: StringProtocol {
    /// The names in natural order.
    package func naturallySorted() -> [Element] { sorted { NaturalOrder.precedes($0, $1) } }
}

extension Sequence {
    /// The elements in the natural order of their names.
    package func naturallySorted(by name: (Element) -> String) -> [Element] {
        sorted { NaturalOrder.precedes(name($0), name($1)) }
    }
}
