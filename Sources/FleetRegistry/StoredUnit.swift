import UnitFiles

/// A unit as the registry has it, with what the parts of fleet need to know of it worked out once.
package struct StoredUnit: Sendable, Equatable {
    package let name: String
    package let file: UnitFile
    package let hash: UnitHash
    package let requirements: FleetRequirements
    /// etcd's revision of the last change to its text.
    package let revision: Int64

    package init(name: String, file: UnitFile, revision: Int64) {
        self.name = name
        self.file = file
        self.revision = revision
        hash = file.hash
        requirements = FleetRequirements(of: file, name: try? UnitName(name))
    }

    package static func == (lhs: StoredUnit, rhs: StoredUnit) -> Bool {
        lhs.name == rhs.name && lhs.revision == rhs.revision && lhs.hash == rhs.hash
    }
}
