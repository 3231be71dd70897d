import ArgumentParser

/// Bound of the nodes that are on their way up at once, for commands that start some.
struct BootOptions: ParsableArguments {
    @Option(
        name: .customLong("max-boots"),
        help: ArgumentHelp(
            "How many nodes may boot at a time, whatever the host has to do. Without it, up to four a processor, "
                + "and fewer on a host that is busy or short of memory.",
            valueName: "N",
        )
    )
    var most: Int?

    func validate() throws {
        guard most ?? 1 >= 1 else { throw ValidationError("--max-boots is at least 1") }
    }
}
