import UnitFiles

// What the original's API says of a unit it refuses: clients are known to look for these words.

extension UnitNameError {
    var originalWords: String {
        switch fault {
        case .empty: "unit name cannot be empty"
        case .tooLong: "unit name exceeds maximum length (\(UnitName.maximumLength))"
        case .character(let scalar): "invalid character \(Self.quoted(scalar)) in unit name"
        case .noSuffix: name.contains(".") ? #"unit name cannot end in ".""# : #"unit name must contain ".""#
        case .unknownSuffix(let suffix): "invalid unit type: \"\(suffix)\""
        case .startsWithAt: #"unit name cannot start in "@""#
        case .notATemplateSuffix(let suffix): "invalid unit type for template: \"\(suffix)\""
        }
    }

    private static func quoted(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "'": #"'\''"#
        case "\n": #"'\n'"#
        case "\t": #"'\t'"#
        case "\r": #"'\r'"#
        default: "'\(scalar.escaped(asASCII: false))'"
        }
    }
}

extension FleetExclusion {
    /// The original calls `MachineOf` by its inner name.
    var originalWords: String {
        guard key == .machineOf else { return "\(Self.word(key)) cannot be used with \(Self.word(other))" }
        return "unresolvable requirements: \(message)"
    }

    private static func word(_ key: XFleetKey) -> String { key == .machineOf ? "Peers" : key.rawValue }
}
