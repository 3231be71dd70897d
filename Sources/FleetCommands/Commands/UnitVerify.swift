import ArgumentParser
import Diagnostics
import UnitFiles

struct UnitVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check unit files, without talking to fleet.",
        discussion: "Each fault is shown with its line. Ends with 1 when there is an error.",
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Paths of unit files.")
    var files: [String]

    func run() async throws {
        var found: [Diagnostic] = []
        var sources: [String: String] = [:]
        for path in files {
            guard let text = try Session.readFile(path) else {
                throw FleetctlError(.notFound, "there is no file \(path)")
            }
            sources[path] = text
            found += try UnitVerify.check(text, path: path)
        }
        Console.standard.emit(DiagnosticRenderer().render(found, sources: sources))
        if found.hasErrors { throw ExitCode(1) }
    }

    static func check(_ text: String, path: String) throws -> [Diagnostic] {
        let base = path.split(separator: "/").last.map(String.init) ?? path
        do {
            return UnitFile.check(text, name: try UnitName(base), origin: TextOrigin(file: path)).diagnostics
        } catch {
            let syntax = UnitFile.check(text, name: nil, origin: TextOrigin(file: path)).diagnostics
            return [.error("\(error)")] + syntax
        }
    }
}
