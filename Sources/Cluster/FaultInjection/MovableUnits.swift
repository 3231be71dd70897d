import UnitFiles

/// Units of a cluster by what fleet promises of them: that they run once, and that they run somewhere.
struct MovableUnits {
    /// Units that may run once: all that are not global.
    let single: Set<String>
    /// Of these, services that run until they are stopped, and that any machine may run: nothing in their own file or in
    /// another's keeps them from one.
    let names: Set<String>

    /// - Parameter files: all units, by name.
    init(_ files: [String: UnitFile]) {
        let requirements = files.map { name, file in
            (name: name, needs: FleetRequirements(of: file, name: try? UnitName(name)))
        }
        single = Set(requirements.filter { !$0.needs.isGlobal }.map(\.name))
        let anywhere = requirements.filter { name, needs in
            guard name.hasSuffix(".service"), let file = files[name], !Self.endsByItself(file) else { return false }
            return Self.runsAnywhere(needs)
                && !requirements.contains { other in
                    other.name != name
                        && (other.needs.conflicts + other.needs.replaces).contains { $0.matches(name) }
                }
        }
        names = Set(anywhere.map(\.name))
    }

    private static func runsAnywhere(_ needs: FleetRequirements) -> Bool {
        var free = FleetRequirements()
        // What it prefers keeps it from no machine.
        (free.preferredMetadata, free.preferredApart) = (needs.preferredMetadata, needs.preferredApart)
        return needs == free
    }

    private static func endsByItself(_ file: UnitFile) -> Bool {
        file.options.last { $0.section == "Service" && $0.name == "Type" }?.value == "oneshot"
    }
}
