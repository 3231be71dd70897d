import Diagnostics

extension UnitFile {
    /// Reads and checks a file, whose name is that of the unit.
    package static func check(_ text: String, path: String) -> [Diagnostic] {
        let base = path.split(separator: "/").last.map(String.init) ?? path
        do throws(UnitNameError) {
            return check(text, name: try UnitName(base), origin: TextOrigin(file: path)).diagnostics
        } catch {
            return [.error("\(error)")] + check(text, name: nil, origin: TextOrigin(file: path)).diagnostics
        }
    }

    /// Returns the faults of this unit beyond its syntax, each with its location.
    ///
    /// - Parameters:
    ///   - name: the unit's name, where it is known: specifiers are replaced, and a name gives away mistakes.
    ///   - file: the file to name in places, as the user gave it.
    ///   - lineOffset: how many lines of that file precede the unit's text.
    package func diagnostics(name: UnitName?, file: String, lineOffset: Int = 0) -> [Diagnostic] {
        diagnostics(name: name, origin: TextOrigin(file: file, lineOffset: lineOffset))
    }

    /// The same, for a text that stands anywhere.
    package func diagnostics(name: UnitName?, origin: TextOrigin) -> [Diagnostic] {
        var linter = UnitFileLinter(unit: self, name: name, origin: origin)
        return linter.lint().inReadingOrder
    }

    /// Requirements that exclude one another; empty when the unit may be submitted.
    package func exclusions(name: UnitName?) -> [FleetExclusion] {
        FleetRequirements(of: self, name: name).exclusions
    }
}
