import Diagnostics

/// A text addressed the way libyaml does it: lines from 0, columns in Unicode scalars from 0.
struct SourceText {
    let file: String
    var scalars: [Unicode.Scalar]
    /// Index of the first scalar of each line.
    private let lineStarts: [Int]

    init(_ text: String, file: String) {
        self.file = file
        scalars = Array(text.unicodeScalars)
        lineStarts = Self.lineStarts(of: scalars)
    }

    var text: String { Self.string(scalars[...]) }

    static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// The index of a place, held inside the text.
    func index(line: Int, column: Int) -> Int {
        guard lineStarts.indices.contains(line) else { return scalars.count }
        return min(lineStarts[line] + max(0, column), scalars.count)
    }

    /// The scalars from `index` to the end of its line.
    func restOfLine(from index: Int) -> ArraySlice<Unicode.Scalar> {
        var end = index
        while end < scalars.count, !Self.isBreak(scalars[end]) { end += 1 }
        return scalars[index..<end]
    }

    /// The place of `index` in characters, as people count.
    func location(of index: Int, length: Int = 1) -> SourceLocation {
        let line = self.line(of: index)
        let lead = scalars[lineStarts[line]..<min(index, scalars.count)]
        return SourceLocation(file: file, line: line + 1, column: Self.characters(lead) + 1, length: length)
    }

    static func characters(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        scalars.allSatisfy(\.isASCII) ? scalars.count : string(scalars).count
    }

    private func line(of index: Int) -> Int {
        var low = 0
        var high = lineStarts.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if lineStarts[middle] <= index { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private static func lineStarts(of scalars: [Unicode.Scalar]) -> [Int] {
        var starts = [0]
        for (index, scalar) in scalars.enumerated() where isBreak(scalar) {
            if scalar == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { continue }
            starts.append(index + 1)
        }
        return starts
    }

    /// The line breaks of YAML 1.1.
    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}"
    }
}
