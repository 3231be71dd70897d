import UnitFiles

/// A unit as the registry has it, with what the parts of fleet need to know of it worked out once.
package struct StoredUnit: Sendable, Equatable {
    /// Name with suffix.
    package let name: String
    /// Text of the unit.
    package let file: UnitFile
    /// Hash of the text, by which fleet names it.
    package let hash: UnitHash
    /// `[X-Fleet]` section.
    package let requirements: FleetRequirements
    /// Units that are to be started before it: `After=`, `Requires=` and `BindsTo=`.
    package let startsAfter: Set<String>
    /// Units that are to be started after it: `Before=`.
    package let startsBefore: Set<String>
    /// Units that it stops with: `BindsTo=`, `Requires=`, `Requisite=` and `PartOf=`.
    package let boundTo: Set<String>
    /// Units that stop with it: `RequiredBy=`.
    package let binds: Set<String>
    /// True where systemd may skip its start: `Condition…=` and `Assert…=`.
    package let hasConditions: Bool
    /// True where it is meant to end by itself: `Type=oneshot`.
    package let isOneshot: Bool
    /// etcd's revision of the last change to its text.
    package let revision: Int64

    /// Creates a unit as etcd has it at a revision.
    package init(name: String, file: UnitFile, revision: Int64) {
        self.name = name
        self.file = file
        self.revision = revision
        hash = file.hash
        let parsed = try? UnitName(name)
        requirements = FleetRequirements(of: file, name: parsed)
        func names(_ option: String, in section: String = "Unit") -> [String] {
            file.values(of: option, in: section).flatMap { $0.split(whereSeparator: \.isWhitespace) }
                .map { parsed?.expandingSpecifiers(in: String($0)) ?? String($0) }
        }
        startsAfter = Set(["After", "Requires", "BindsTo"].flatMap { names($0) })
        startsBefore = Set(names("Before"))
        boundTo = Set(["BindsTo", "BindTo", "Requires", "Requisite", "PartOf"].flatMap { names($0) })
        binds = Set(names("RequiredBy", in: "Install"))
        hasConditions = file.options.contains { option in
            option.section == "Unit" && (option.name.hasPrefix("Condition") || option.name.hasPrefix("Assert"))
        }
        isOneshot = file.values(of: "Type", in: "Service").last == "oneshot"
    }

    package static func == (lhs: StoredUnit, rhs: StoredUnit) -> Bool {
        lhs.name == rhs.name && lhs.revision == rhs.revision && lhs.hash == rhs.hash
    }
}
