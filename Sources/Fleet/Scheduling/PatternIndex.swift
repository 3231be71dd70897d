import UnitFiles

/// Index of many patterns over many names that does not try each pair: names are sorted, and a pattern is tried only on
/// those that begin with its literal part.
struct PatternIndex {
    /// The patterns each unit carries, by number.
    private(set) var carried: [[Int]]
    /// The patterns that match each unit's name, by number.
    private(set) var matching: [[Int]]
    /// The units each pattern matches.
    private(set) var matched: [[Int]] = []
    private var numbers: [Glob: Int] = [:]

    /// - Parameters:
    ///   - names: in ascending order.
    ///   - patterns: what each of the names carries.
    init(names: [String], patterns: [[Glob]]) {
        carried = Array(repeating: [], count: names.count)
        matching = Array(repeating: [], count: names.count)
        for (unit, globs) in patterns.enumerated() {
            for glob in globs {
                let number = numbers[glob] ?? add(glob, names: names)
                numbers[glob] = number
                if !carried[unit].contains(number) { carried[unit].append(number) }
            }
        }
    }

    /// nil for a pattern that no unit carries.
    func number(of glob: Glob) -> Int? { numbers[glob] }

    private mutating func add(_ glob: Glob, names: [String]) -> Int {
        let number = matched.count
        let prefix = glob.literalPrefix
        var index = PatternIndex.firstIndex(in: names, notBefore: prefix)
        var found: [Int] = []
        while index < names.count, names[index].hasPrefix(prefix) {
            if glob.matches(names[index]) {
                found.append(index)
                matching[index].append(number)
            }
            index += 1
        }
        matched.append(found)
        return number
    }

    private static func firstIndex(in names: [String], notBefore bound: String) -> Int {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
