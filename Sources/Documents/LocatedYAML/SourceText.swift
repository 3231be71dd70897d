import Diagnostics

/// A text addressed the way libyaml does it: lines from 0, columns in Unicode scalars from 0.
struct SourceText {
    let file: String
    let scalars: [Unicode.Scalar]
    /// Index of the first scalar of each line.
    private let lineStarts: [Int]
    /// Of lines in which a character may be several scalars, by their number.
    private let columns: [Int: [Int]]

    init(_ text: String, file: String) {
        self.file = file
        scalars = Array(text.unicodeScalars)
        lineStarts = Self.lineStarts(of: scalars)
        var columns: [Int: [Int]] = [:]
        for (number, start) in lineStarts.enumerated() {
            let line = scalars[start..<(number + 1 < lineStarts.count ? lineStarts[number + 1] : scalars.count)]
            if !line.allSatisfy(\.isASCII) { columns[number] = Self.columns(of: line) }
        }
        self.columns = columns
    }

    static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// The index of a place, held inside the text.
    private func index(line: Int, column: Int) -> Int {
        guard lineStarts.indices.contains(line) else { return scalars.count }
        return min(lineStarts[line] + max(0, column), scalars.count)
    }

    func index(of mark: YAMLMark) -> Int { index(line: mark.line, column: mark.column) }

    /// The index of the scalar that a byte of the text's UTF-8 belongs to.
    func index(ofByte offset: Int) -> Int {
        var bytes = 0
        for (index, scalar) in scalars.enumerated() {
            bytes += UTF8.width(scalar)
            if bytes > offset { return index }
        }
        return scalars.count
    }

    /// The first index from `index` on, on the same line, of which `condition` does not hold; that of the line's end where
    /// it holds of all.
    func index(after index: Int, while condition: (Unicode.Scalar) -> Bool) -> Int {
        var end = index
        while !isEndOfLine(end), condition(scalars[end]) { end += 1 }
        return end
    }

    func isEndOfLine(_ index: Int) -> Bool { index >= scalars.count || Self.isBreak(scalars[index]) }

    /// The index after the last scalar of a line that is not white.
    func endOfText(onLineOf index: Int) -> Int {
        let line = line(of: index)
        var end = line + 1 < lineStarts.count ? lineStarts[line + 1] : scalars.count
        while end > index, Self.isBreak(scalars[end - 1]) || scalars[end - 1] == " " || scalars[end - 1] == "\t" {
            end -= 1
        }
        return end
    }

    /// The place of `index` in characters, as people count.
    func location(of index: Int, length: Int = 1) -> SourceLocation {
        let line = self.line(of: index)
        return SourceLocation(file: file, line: line + 1, column: column(of: index, line: line) + 1, length: length)
    }

    /// The number of characters between two places of one line.
    func characters(from start: Int, to end: Int) -> Int {
        let line = line(of: start)
        return max(0, column(of: end, line: line) - column(of: start, line: line))
    }

    private func column(of index: Int, line: Int) -> Int {
        let offset = min(index, scalars.count) - lineStarts[line]
        guard let columns = columns[line], let last = columns.indices.last else { return offset }
        return columns[min(offset, last)]
    }

    /// For each place of a line the number of characters before it: once a line, since a file may have but one.
    private static func columns(of line: ArraySlice<Unicode.Scalar>) -> [Int] {
        var columns = [0]
        for (count, character) in string(line).enumerated() {
            columns += repeatElement(count + 1, count: character.unicodeScalars.count)
        }
        return columns
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
