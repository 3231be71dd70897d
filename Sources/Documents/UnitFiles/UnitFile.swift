import Diagnostics

/// A systemd unit file: its options, in the order in which they were written.
package struct UnitFile: Sendable, Hashable {
    /// Options in the order of the text.
    package var options: [UnitOption]

    package init(options: [UnitOption] = []) {
        self.options = options
    }

    /// Reads the text of a unit file.
    ///
    /// - Throws: every syntax error of the text at once.
    package init(parsing text: String, file: String = "unit") throws(DiagnosticsError) {
        let (unit, diagnostics) = UnitFile.parse(text, origin: TextOrigin(file: file))
        if diagnostics.hasErrors { throw DiagnosticsError(diagnostics, sources: [file: text]) }
        self = unit
    }

    /// Reads the text of a unit file as far as it can be read; the diagnostics say what could not.
    package static func parse(_ text: String, origin: TextOrigin) -> (unit: UnitFile, diagnostics: [Diagnostic]) {
        var parser = UnitFileParser(text: text, origin: origin)
        return parser.parse()
    }

    /// Reads `text` and says everything about it that its author should know: syntax, and what `diagnostics` finds.
    package static func check(
        _ text: String,
        name: UnitName?,
        origin: TextOrigin,
    ) -> (unit: UnitFile, diagnostics: [Diagnostic]) {
        let (unit, syntax) = parse(text, origin: origin)
        if unit.options.isEmpty, !syntax.isEmpty { return (unit, syntax) }
        return (unit, (syntax + unit.diagnostics(name: name, origin: origin)).inReadingOrder)
    }
}

extension UnitFile {
    /// The unit as fleet writes it to a machine: one block a section, in the order in which the sections first
    /// appeared, without comments.
    package var canonicalText: String {
        var order: [String] = []
        var lines: [String: String] = [:]
        for option in options {
            if lines[option.section] == nil { order.append(option.section) }
            lines[option.section, default: "[\(option.section)]\n"] += "\(option.name)=\(option.value)\n"
        }
        return order.compactMap { lines[$0] }.joined(separator: "\n")
    }

    /// The digest of `canonicalText`: comments and spacing do not count.
    package var hash: UnitHash { UnitHash(of: canonicalText) }

    /// The values of every option called `name` in `section`, in order.
    package func values(of name: String, in section: String) -> [String] {
        options.filter { $0.section == section && $0.name == name }.map(\.value)
    }

    /// Returns whether any option stands in `section`.
    package func has(section: String) -> Bool { options.contains { $0.section == section } }

    /// The value of the last `Description=` in `[Unit]`.
    package var summary: String? { values(of: "Description", in: "Unit").last }

    /// Reason why the options cannot be written as a unit file that reads back the same; nil when they can.
    package var optionFault: String? { options.lazy.compactMap(\.fault).first ?? writingFault }

    /// The unit as it is once it was written and read again: without spaces around names and values, and with the
    /// parts of a section together.
    package var asWritten: UnitFile { UnitFile.parse(canonicalText, origin: TextOrigin(file: "unit")).unit }

    /// The options with those taken together that are one when they are written: a value that ends in a backslash takes
    /// in the next line. So a file has it in which white space follows the backslash, which is not written again.
    package var joiningContinuations: UnitFile {
        var joined: [UnitOption] = []
        var last: [String: Int] = [:]
        for option in options {
            if let index = last[option.section], joined[index].endsInBackslash {
                joined[index].value += "\n\(option.name)=\(option.value)"
            } else {
                last[option.section] = joined.count
                joined.append(option)
            }
        }
        return UnitFile(options: joined)
    }

    /// Final check: writes the options, reads them, and compares.
    private var writingFault: String? {
        let (read, diagnostics) = UnitFile.parse(canonicalText, origin: TextOrigin(file: "unit"))
        if let error = diagnostics.first(where: { $0.severity == .error }) { return error.message }
        let names = { (options: [UnitOption]) in
            Dictionary(grouping: options, by: \.section).mapValues { $0.map(\.name) }
        }
        let isSame = names(read.options) == names(options.map(\.withoutOuterSpaces)) && read.asWritten == read
        return isSame ? nil : "the options cannot be written as a unit file"
    }
}

extension UnitFile: Codable {
    package init(from decoder: any Decoder) throws {
        options = try decoder.singleValueContainer().decode([UnitOption].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(options)
    }
}
