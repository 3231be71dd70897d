/// Requirements of a unit on its machine: its `[X-Fleet]` section with specifiers replaced.
package struct FleetRequirements: Sendable, Hashable {
    /// The machine it is pinned to: a whole machine id or its first eight characters.
    package var machineID: String?
    /// For each key, the values of which the machine must have one.
    package var metadata: [String: Set<String>]
    /// Units that must all be on the machine: names, or patterns of which one unit must be there.
    package var machineOf: [String]
    /// Units that must not be on the machine, as patterns.
    package var conflicts: [Glob]
    /// Units that leave the machine when this one comes, as patterns.
    package var replaces: [Glob]
    /// True when it runs on every machine that it fits.
    package var isGlobal: Bool
    /// Weight in a machine's load; nil when it follows from the limits, or nothing is known.
    package var weight: Int?
    /// For each key, the values of which the machine had better have one.
    package var preferredMetadata: [String: Set<String>]
    /// Units that had better not be on the machine, as patterns.
    package var preferredApart: [Glob]
    /// Limits of its use of a machine.
    package var limits: UnitLimits

    package init(
        machineID: String? = nil,
        metadata: [String: Set<String>] = [:],
        machineOf: [String] = [],
        conflicts: [Glob] = [],
        replaces: [Glob] = [],
        isGlobal: Bool = false,
        weight: Int? = nil,
        preferredMetadata: [String: Set<String>] = [:],
        preferredApart: [Glob] = [],
        limits: UnitLimits = UnitLimits(),
    ) {
        self.machineID = machineID
        self.metadata = metadata
        self.machineOf = machineOf
        self.conflicts = conflicts
        self.replaces = replaces
        self.isGlobal = isGlobal
        self.weight = weight
        self.preferredMetadata = preferredMetadata
        self.preferredApart = preferredApart
        self.limits = limits
    }

    /// Reads the requirements of `unit`.
    ///
    /// - Parameter name: whose specifiers to replace; nil leaves them.
    package init(of unit: UnitFile, name: UnitName?) {
        var values: [String: [String]] = [:]
        for option in unit.options where option.section == XFleetKey.section {
            let parts = FleetRequirements.split(option.value)
            values[option.name, default: []] += parts.map { name?.expandingSpecifiers(in: $0) ?? $0 }
        }
        func all(_ key: XFleetKey) -> [String] { key.spellings.flatMap { values[$0] ?? [] } }
        self.init(
            machineID: all(.machineID).first,
            metadata: FleetRequirements.metadata(all(.machineMetadata)),
            machineOf: all(.machineOf),
            conflicts: FleetRequirements.globs(all(.conflicts)),
            replaces: all(.replaces).map { Glob($0) },
            isGlobal: all(.global).last.map(FleetRequirements.isTrue) ?? false,
            weight: all(.weight).compactMap(FleetRequirements.weight).last,
            preferredMetadata: FleetRequirements.metadata(all(.preferMachineMetadata)),
            preferredApart: FleetRequirements.globs(all(.preferApart)),
            limits: UnitLimits(of: unit),
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

    private static func metadata(_ entries: [String]) -> [String: Set<String>] {
        entries.reduce(into: [:]) { metadata, entry in
            guard let (key, value) = metadataPair(entry) else { return }
            metadata[key, default: []].insert(value)
        }
    }

    /// Patterns, of which one value may hold several.
    private static func globs(_ values: [String]) -> [Glob] {
        values.flatMap { $0.split(whereSeparator: \.isWhitespace) }.map { Glob(String($0)) }
    }

    /// A weight from 0 to 1000; nil for anything else.
    static func weight(_ value: String) -> Int? {
        Int(value).flatMap { (0...1000).contains($0) ? $0 : nil }
    }

    /// Returns whether a value of MachineOf is a pattern and not a name: names have none of these characters.
    package static func isPattern(_ peer: String) -> Bool { peer.contains { "*?[".contains($0) } }

    static func isTrue(_ value: String) -> Bool {
        ["true", "yes", "1", "on", "t"].contains(value.lowercased())
    }
}
