import ArgumentParser
import Diagnostics
import Terminal
import UnitFiles

struct UnitVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check unit files, without talking to fleet.",
        discussion: """
            Each fault is shown with its line. Ends with 1 when there is an error; a warning is something that fleet \
            takes, but systemd or somebody who reads the unit does not. fleetctl help units is the reference.
            """,
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Run systemd's own check, too, by the systemd-analyze of this machine.")
    var systemd = false

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "Paths of unit files.", completion: .file())
    var files: [String]

    func run() async throws {
        var found: [Diagnostic] = []
        var sources: [String: String] = [:]
        for path in files {
            guard let text = try Session.readFile(path) else {
                throw FleetctlError(.notFound, "there is no file \(path)")
            }
            sources[path] = text
            found += UnitFile.check(text, path: path)
        }
        if systemd { found += try await SystemdVerify(files: sources).run() }
        if json {
            Console.standard.emit(try APIText.json(found))
        } else {
            Console.standard.emit(DiagnosticRenderer().render(found, sources: sources))
        }
        if found.hasErrors { throw ExitCode(1) }
    }
}
