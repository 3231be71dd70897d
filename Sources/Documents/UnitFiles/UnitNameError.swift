/// Reason why a text is not the name of a unit.
package struct UnitNameError: Error, Sendable, Hashable {
    /// Kind of fault in a name.
    package enum Fault: Sendable, Hashable {
        case empty
        case tooLong
        case character(Unicode.Scalar)
        case noSuffix
        case unknownSuffix(String)
        case startsWithAt
        case notATemplateSuffix(String)
    }

    /// Name as it was given.
    package let name: String
    /// Kind of fault.
    package let fault: Fault

    package init(name: String, fault: Fault) {
        self.name = name
        self.fault = fault
    }
}

extension UnitNameError: CustomStringConvertible {
    package var description: String {
        switch fault {
        case .empty:
            "a unit needs a name, such as hello.service"
        case .tooLong:
            "the unit name \(name.prefix(40))… has \(name.utf8.count) bytes; "
                + "at most \(UnitName.maximumLength) are allowed"
        case .character(let scalar):
            "the unit name \"\(name)\" contains \(scalar.debugDescription); "
                + "only letters, digits and : _ . \\ @ - are allowed"
        case .noSuffix:
            "the unit name \"\(name)\" has no suffix such as .service"
        case .unknownSuffix(let suffix):
            "\".\(suffix)\" in the unit name \"\(name)\" is not a kind of unit; "
                + "the kinds are \(UnitNameError.list(UnitName.suffixes))"
        case .startsWithAt:
            "the unit name \"\(name)\" starts with @; a template needs a name before it, such as hello@.service"
        case .notATemplateSuffix(let suffix):
            "\"\(name)\" cannot be a template or an instance, because a .\(suffix) unit has none; "
                + "only \(UnitNameError.list(UnitName.templateSuffixes)) units do"
        }
    }

    private static func list(_ suffixes: Set<String>) -> String {
        suffixes.sorted().map { ".\($0)" }.joined(separator: " ")
    }
}
