import Basics

/// The file's form: `key = value` or `key: value`, values bare or in double quotes, comments after `#` or `;` at the
/// start of a line, `[sections]` without meaning.
enum ConfigurationFile {
    struct Setting: Equatable {
        var key: String
        var value: String
        /// For messages.
        var place: String
    }

    static func settings(_ text: String) throws(FleetError) -> [Setting] {
        var settings: [Setting] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let line = raw.trimmed
            guard let first = line.first, !"#;[".contains(first) else { continue }
            guard let sign = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw FleetError(.configuration, "line \(index + 1): '\(line)' is not of the form key=value")
            }
            let key = line[..<sign].trimmed
            let value = line[line.index(after: sign)...].trimmed
            settings.append(Setting(key: key, value: value, place: "line \(index + 1)"))
        }
        return settings
    }
}
