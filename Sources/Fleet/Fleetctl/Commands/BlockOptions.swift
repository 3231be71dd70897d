import ArgumentParser

/// Options for waiting, and its limit.
struct BlockOptions: ParsableArguments {
    @Flag(help: "Do not wait until the units are there.")
    var noBlock = false

    @Option(
        help: ArgumentHelp(
            "Try so many times, for up to two seconds each, before giving up. (default: for one minute)",
            valueName: "count",
        )
    )
    var blockAttempts: Int?

    var policy: WaitPolicy { WaitPolicy(blockAttempts: blockAttempts ?? 0, noBlock: noBlock) }
}
