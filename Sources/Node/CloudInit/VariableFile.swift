import Basics
import CloudConfig

/// A file of `NAME=value` lines in which some are set and the others left alone.
enum VariableFile {
    /// The first line of each name gets the new value; names that are not there come last, sorted.
    static func setting(_ variables: [EnvironmentVariable], in text: String) -> String {
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var missing: [EnvironmentVariable] = []
        for variable in variables {
            if let index = lines.firstIndex(where: { $0.hasPrefix("\(variable.name)=") }) {
                lines[index] = variable.fileLine
            } else {
                missing.append(variable)
            }
        }
        lines += missing.sorted { $0.name < $1.name }.map(\.fileLine)
        return lines.map { "\($0)\n" }.joined()
    }

    /// The values of a file of variables, quotes around a value taken off.
    static func values(in text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) where line.first != "#" {
            guard let equals = line.firstIndex(of: "=") else { continue }
            var value = line[line.index(after: equals)...]
            if value.count > 1, let quote = value.first, quote == "\"" || quote == "'", value.last == quote {
                value = value.dropFirst().dropLast()
            }
            values[line[..<equals].trimmed] = String(value)
        }
        return values
    }
}
