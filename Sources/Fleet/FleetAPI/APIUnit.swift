import UnitFiles

/// A unit as fleet's API shows and takes it; empty members are left out, and may be.
package struct APIUnit: Sendable, Hashable, Codable {
    /// Name with suffix.
    package var name: String
    /// The unit's text; nil where a request leaves it as it is.
    package var options: [UnitOption]?
    /// State wanted of the unit.
    package var desiredState: TargetState?
    /// State reached.
    package var currentState: TargetState?
    /// The machine it is scheduled to; nil for none, and for global units.
    package var machineID: String?
    /// Reason why the unit, though wanted, is on no machine. The original has no such member.
    package var statusReason: String?

    package init(
        name: String,
        options: [UnitOption]? = nil,
        desiredState: TargetState? = nil,
        currentState: TargetState? = nil,
        machineID: String? = nil,
        statusReason: String? = nil,
    ) {
        self.name = name
        self.options = options
        self.desiredState = desiredState
        self.currentState = currentState
        self.machineID = machineID
        self.statusReason = statusReason
    }

    private enum CodingKeys: String, CodingKey {
        case name, options, desiredState, currentState, machineID, statusReason
    }

    package init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        name = try object.decodeIfPresent(String.self, forKey: .name) ?? ""
        options = try object.decodeIfPresent([UnitOption].self, forKey: .options)
        desiredState = try Self.state(.desiredState, object)
        currentState = try Self.state(.currentState, object)
        machineID = try object.decodeIfPresent(String.self, forKey: .machineID)
        statusReason = try object.decodeIfPresent(String.self, forKey: .statusReason)
    }

    /// The original's server took any text for a state, and could then neither show the unit nor remove it.
    private static func state(
        _ key: CodingKeys,
        _ object: KeyedDecodingContainer<CodingKeys>,
    ) throws -> TargetState? {
        guard let text = try object.decodeIfPresent(String.self, forKey: key), !text.isEmpty else { return nil }
        guard let state = TargetState(rawValue: text) else {
            throw APIObjectError("invalid \(key.stringValue) \"\(text)\": inactive, loaded or launched")
        }
        return state
    }
}

extension APIUnit {
    /// The options as a unit file.
    package var file: UnitFile { UnitFile(options: options ?? []) }

    /// True when it runs on every machine that takes it.
    package var isGlobal: Bool { FleetRequirements(of: file, name: nil).isGlobal }

    /// State wanted of the unit; inactive when the API does not give one.
    package var target: TargetState { desiredState ?? .inactive }

    /// State that the unit has reached; inactive when the API does not give one.
    package var state: TargetState { currentState ?? .inactive }
}
