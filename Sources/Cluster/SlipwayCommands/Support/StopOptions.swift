import ArgumentParser

/// Options of commands that shut nodes down.
struct StopOptions: ParsableArguments {
    /// More than systemd's own limit for a unit (90 s) and fleetd's for its units (60 s).
    static let standard = Duration.seconds(120)

    @Option(
        help: ArgumentHelp(
            "How many seconds a node's units may take to stop before its power is cut.",
            valueName: "seconds",
        )
    )
    var timeout = 120

    var patience: Duration { .seconds(timeout) }

    func validate() throws {
        guard timeout >= 0 else { throw ValidationError("--timeout cannot be less than 0") }
    }
}
