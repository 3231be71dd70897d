import ArgumentParser

struct VersionShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version of fleetctl.",
    )

    @OptionGroup var global: GlobalOptions

    func run() {
        Console.standard.out(FleetVersion.line)
    }
}
