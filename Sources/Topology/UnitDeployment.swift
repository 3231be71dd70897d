import Diagnostics
import UnitFiles

/// A fleet unit the topology wants in its cluster.
package struct UnitDeployment: Sendable, Hashable {
    package enum DesiredState: String, Sendable, Hashable, Codable, CaseIterable {
        case inactive, loaded, launched
    }

    /// The unit's full name, as fleet knows it; an instance name for instances of a template.
    package var name: String
    /// The file it comes from, as found (relative to the working directory or absolute).
    package var file: String
    package var unit: UnitFile
    package var desiredState: DesiredState
    /// Where the topology names it.
    package var location: SourceLocation?

    package init(
        name: String,
        file: String,
        unit: UnitFile,
        desiredState: DesiredState = .launched,
        location: SourceLocation? = nil,
    ) {
        self.name = name
        self.file = file
        self.unit = unit
        self.desiredState = desiredState
        self.location = location
    }
}
