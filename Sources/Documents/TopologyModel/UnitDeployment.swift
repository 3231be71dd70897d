import Diagnostics
import UnitFiles

/// A fleet unit the topology wants in its cluster.
package struct UnitDeployment: Sendable, Hashable {
    /// The unit's full name, as fleet knows it; an instance name for instances of a template.
    package var name: String
    /// The file it comes from, as found (relative to the working directory or absolute).
    package var file: String
    /// Text of the unit.
    package var unit: UnitFile
    /// State to reach.
    package var desiredState: TargetState
    /// Location in the topology.
    package var location: SourceLocation?

    package init(
        name: String,
        file: String,
        unit: UnitFile,
        desiredState: TargetState = .launched,
        location: SourceLocation? = nil,
    ) {
        self.name = name
        self.file = file
        self.unit = unit
        self.desiredState = desiredState
        self.location = location
    }
}

extension UnitDeployment {
    /// Requirements of the unit on its machine.
    package var requirements: FleetRequirements { FleetRequirements(of: unit, name: try? UnitName(name)) }

    /// Returns the location of `key` in the unit file; nil when the unit was not read from a text.
    ///
    /// - Parameter text: what to point at within the option's value; the whole value when it is not in there.
    package func location(of key: XFleetKey, containing text: String) -> SourceLocation? {
        let unitName = try? UnitName(name)
        let options = unit.options.filter { $0.section == XFleetKey.section && key.spellings.contains($0.name) }
        let written = options.first { !text.isEmpty && $0.value.contains(text) }
        let meant = options.first { (unitName?.expandingSpecifiers(in: $0.value) ?? $0.value).contains(text) }
        guard let option = written ?? meant ?? options.first, let position = option.position else { return nil }
        let value = option.value.prefix { !$0.isNewline }
        let range = text.isEmpty ? nil : value.firstRange(of: text)
        return SourceLocation(
            file: file,
            line: position.line,
            column: position.valueColumn
                + (range.map { value.distance(from: value.startIndex, to: $0.lowerBound) } ?? 0),
            length: range == nil ? value.count : text.count,
        )
    }
}
