/// Finds what the user probably meant.
package enum Spelling {
    /// The candidate nearest to `word`, or nil when none is near enough to be a likely slip.
    ///
    /// `-` and `_` count as the same letter, and so do the cases. Ties go to the first by name.
    package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = folded(word)
        // One word too many is the nearest of all.
        if let stem = candidates.filter({ word.hasPrefix("\($0)_") }).max(by: { $0.count < $1.count }) { return stem }
        let limit = max(1, wanted.count / 3)
        return candidates.sorted()
            .map { (candidate: $0, distance: distance(wanted, folded($0))) }
            .filter { $0.distance <= limit }
            .min { $0.distance < $1.distance }?
            .candidate
    }

    /// The Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, replacements and swaps of
    /// two neighbours cost one each.
    static func distance(_ lhs: [Character], _ rhs: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...rhs.count)
        for (row, left) in lhs.enumerated() {
            var current = [row + 1]
            for (column, right) in rhs.enumerated() {
                let replaced = last[column] + (left == right ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left == rhs[column - 1], lhs[row - 1] == right {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[rhs.count]
    }

    private static func folded(_ word: String) -> [Character] {
        word.lowercased().map { $0 == "-" ? "_" : $0 }
    }
}
