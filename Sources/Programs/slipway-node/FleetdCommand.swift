import ArgumentParser
import Fleetd

/// Runs fleetd until it ends; exits where it does not end well.
func runFleetd(_ arguments: [String]) async {
    do {
        let command = try FleetdCommand.parse(FleetdCommand.originalStyle(arguments))
        let status = try await FleetdMain(configurationFile: command.config).run()
        if status != 0 { FleetdCommand.exit(withError: ExitCode(status)) }
    } catch {
        FleetdCommand.exit(withError: error)
    }
}

/// The original's options.
struct FleetdCommand: ParsableArguments {
    @Option(help: "File with settings (\(FleetdMain.standardFile)); FLEET_<KEY> in the environment goes over it.")
    var config: String?

    @Flag(help: "Print the version.")
    var version = false

    mutating func validate() throws {
        if version { throw CleanExit.message("fleetd version \(FleetDaemon.version)") }
    }

    /// The original's flags have one dash, and `version` is one of them without.
    static func originalStyle(_ arguments: [String]) -> [String] {
        if arguments == ["version"] { return ["--version"] }
        return arguments.map { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.count > 2 ? "-" + $0 : $0 }
    }
}
