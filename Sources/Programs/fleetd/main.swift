import ArgumentParser
import Fleetd

do {
    let command = try FleetdCommand.parse(FleetdCommand.originalStyle(Array(CommandLine.arguments.dropFirst())))
    try await FleetdMain(configurationFile: command.config).run()
} catch {
    FleetdCommand.exit(withError: error)
}

struct FleetdCommand: ParsableArguments {
    @Option(help: "File with settings; FLEET_<KEY> in the environment goes over it.")
    var config = "/etc/fleet/fleet.conf"

    @Flag(help: "Print the version.")
    var version = false

    mutating func validate() throws {
        if version { throw CleanExit.message("fleetd version \(FleetDaemon.version)") }
    }

    /// The original's flags have one dash.
    static func originalStyle(_ arguments: [String]) -> [String] {
        arguments.map { $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.count > 2 ? "-" + $0 : $0 }
    }
}
