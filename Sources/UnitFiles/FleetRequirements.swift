/// What a unit asks of the machine it runs on: its `[X-Fleet]` section with specifiers replaced.
package struct FleetRequirements: Sendable, Hashable {
    /// The machine it is pinned to: a whole machine id or its first eight characters.
    package var machineID: String?
    /// For each key, the values of which the machine must have one.
    package var metadata: [String: Set<String>]
    /// Units that must all be on the machine.
    package var machineOf: [String]
    /// Units that must not be on the machine, as patterns.
    package var conflicts: [Glob]
    /// Units that leave the machine when this one comes, as patterns.
    package var replaces: [Glob]
    /// Whether it runs on every machine that it fits.
    package var isGlobal: Bool

    package init(
        machineID: String? = nil,
        metadata: [String: Set<String>] = [:],
        machineOf: [String] = [],
        conflicts: [Glob] = [],
        replaces: [Glob] = [],
        isGlobal: Bool = false,
    ) {
        self.machineID = machineID
        self.metadata = metadata
        self.machineOf = machineOf
        self.conflicts = conflicts
        self.replaces = replaces
        self.isGlobal = isGlobal
    }

    /// Reads the requirements of `unit`.
    ///
    /// - Parameter name: whose specifiers to replace; nil leaves them.
    package init(of unit: UnitFile, name: UnitName?) {
        var values: [String: [String]] = [:]
        for option in unit.options where option.section == FleetKey.section {
            let parts = FleetRequirements.split(option.value)
            values[option.name, default: []] += parts.map { name?.expandingSpecifiers(in: $0) ?? $0 }
        }
        func all(_ key: FleetKey) -> [String] { key.spellings.flatMap { values[$0] ?? [] } }
        self.init(
            machineID: all(.machineID).first,
            metadata: all(.machineMetadata).reduce(into: [:]) { metadata, entry in
                guard let (key, value) = FleetRequirements.metadataPair(entry) else { return }
                metadata[key, default: []].insert(value)
            },
            machineOf: all(.machineOf),
            conflicts: all(.conflicts).flatMap { $0.split(whereSeparator: \.isWhitespace) }.map { Glob(String($0)) },
            replaces: all(.replaces).map { Glob($0) },
            isGlobal: all(.global).last.map(FleetRequirements.isTrue) ?? false,
        )
    }
}

extension FleetRequirements {
    /// The values in one line: a line in quotes holds several, separated by spaces outside them; any other line is
    /// one.
    static func split(_ line: String) -> [String] {
        guard line.hasPrefix("\""), line.hasSuffix("\"") else { return [line] }
        var parts = [""]
        var isQuoted = false
        for character in line {
            if character == "\"" {
                isQuoted.toggle()
            } else if character == " ", !isQuoted {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    /// `key=value` with exactly one `=` and nothing empty; nil for anything else, which fleet ignores.
    static func metadataPair(_ entry: String) -> (key: String, value: String)? {
        let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    static func isTrue(_ value: String) -> Bool {
        ["true", "yes", "1", "on", "t"].contains(value.lowercased())
    }
}
