/// The lines in which two texts differ, with their neighbours, as `diff -U2` shows them.
package struct TextDifference: CustomStringConvertible {
    private static let context = 2

    package let description: String

    package init(from old: String, to new: String) {
        let (old, new) = (Self.lines(old), Self.lines(new))
        let difference = new.difference(from: old)
        var (removed, inserted): (Set<Int>, Set<Int>) = ([], [])
        for change in difference {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [(mark: String, text: String)] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if removed.contains(left) {
                lines.append(("-", old[left]))
                left += 1
            } else if inserted.contains(right) {
                lines.append(("+", new[right]))
                right += 1
            } else {
                lines.append((" ", old[left]))
                (left, right) = (left + 1, right + 1)
            }
        }
        description = Self.shown(lines)
    }

    /// Every line with its end, so that a line end too few or too many is a difference.
    private static func lines(_ text: String) -> [String] {
        let parts = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.last == "" else { return parts.dropLast() + ["\(parts.last ?? "") (no line end)"] }
        return parts.dropLast()
    }

    private static func shown(_ lines: [(mark: String, text: String)]) -> String {
        var text: [String] = []
        var last: Int?
        for (index, line) in lines.enumerated() {
            let near = max(0, index - context)...min(lines.count - 1, index + context)
            guard lines[near].contains(where: { $0.mark != " " }) else { continue }
            if let last, last + 1 < index { text.append("  ...") }
            last = index
            text.append("\(line.mark) \(line.text)")
        }
        return text.joined(separator: "\n")
    }
}
