/// Finds texts that would keep Yams busy for hours: it takes the digest of every key, and a key made of aliases of
/// aliases can stand for more values than there is time for. (As values such aliases cost nothing until the tree is
/// built, which counts them.)
struct AliasGuard {
    /// So many aliases, at their worst, still are less than a second's work.
    private static let fewAliases = 40

    /// Returns the index of a key that may expand aliases, in a text with many of them; nil when there is no danger.
    static func danger(in scalars: [Unicode.Scalar]) -> Int? {
        guard aliasCount(scalars) >= fewAliases else { return nil }
        return scalars.indices.first { isDangerous(scalars, at: $0) }
    }

    private static func aliasCount(_ scalars: [Unicode.Scalar]) -> Int {
        scalars.indices.count { scalars[$0] == "*" && isWord(scalars, at: $0 + 1) && !isWord(scalars, at: $0 - 1) }
    }

    /// `? …`, `*name :`, `[…]: ` and `{…}: `.
    private static func isDangerous(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        switch scalars[index] {
        case "?": return isSpace(scalars, at: index + 1) && !isWord(scalars, at: index - 1)
        case "]", "}": return colonFollows(scalars, from: index + 1)
        case "*":
            var end = index + 1
            while end < scalars.count, !isSpace(scalars, at: end), !",[]{}".unicodeScalars.contains(scalars[end]) {
                end += 1
            }
            return end > index + 1 && (colonFollows(scalars, from: end) || scalars[end - 1] == ":")
        default: return false
        }
    }

    private static func colonFollows(_ scalars: [Unicode.Scalar], from index: Int) -> Bool {
        var index = index
        while index < scalars.count, scalars[index] == " " || scalars[index] == "\t" { index += 1 }
        return index < scalars.count && scalars[index] == ":" && isSpace(scalars, at: index + 1)
    }

    private static func isSpace(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        guard scalars.indices.contains(index) else { return true }
        return scalars[index] == " " || scalars[index] == "\t" || SourceText.isBreak(scalars[index])
    }

    private static func isWord(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        guard scalars.indices.contains(index) else { return false }
        let properties = scalars[index].properties
        return properties.isAlphabetic || properties.numericType != nil || scalars[index] == "_"
    }
}
