import Basics
import Diagnostics
import UnitFiles

/// A unit as the user named it: a name, or the path of a file.
struct UnitSource: Sendable, Hashable {
    /// Argument as typed, with the suffix where it lacked one.
    let path: String
    /// Argument as typed.
    private let typed: String
    let name: UnitName

    init(_ typed: String) throws {
        let completed = UnitName.completed(typed)
        let directory = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
        path = directory + completed
        self.typed = typed
        do {
            name = try UnitName(completed)
        } catch {
            throw FleetctlError(.usage, "\(error)")
        }
    }

    /// Path of its template's file, when it is an instance; nil otherwise.
    var templatePath: String? {
        guard let template = name.template else { return nil }
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        return directory + template.full
    }

    /// Reads and checks the unit's file, or else its template's; nil when there is neither.
    func load(_ context: FleetContext) throws -> (file: UnitFile, path: String)? {
        if let found = try loadOwn(context) { return found }
        guard let path = templatePath, let file = try read(path, context) else { return nil }
        return (file, path)
    }

    /// Reads and checks the unit's own file, which may lack the suffix as the name that was typed does.
    func loadOwn(_ context: FleetContext) throws -> (file: UnitFile, path: String)? {
        if let file = try read(path, context) { return (file, path) }
        guard typed != path, let file = try read(typed, context) else { return nil }
        return (file, typed)
    }

    /// Reads and checks a file for the unit.
    func read(_ path: String, _ context: FleetContext) throws -> UnitFile? {
        guard let text = try context.readFile(path) else { return nil }
        let (unit, diagnostics) = UnitFile.check(text, name: name, origin: TextOrigin(file: path))
        let told = diagnostics.filter { $0.severity > .note }
        if !told.isEmpty {
            context.console.err(
                DiagnosticRenderer().render(told, sources: [path: text]).trimmingSuffix(while: \.isNewline)
            )
        }
        if diagnostics.hasErrors { throw FleetctlError(.file, "\(path) is not a unit that fleet can run") }
        return unit
    }
}
