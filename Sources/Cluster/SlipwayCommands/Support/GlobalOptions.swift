import ArgumentParser
import FoundationEssentials

/// Options of every command that uses libvirt.
struct ConnectOptions: ParsableArguments {
    @Option(help: ArgumentHelp("libvirt's URI (default: $SLIPWAY_CONNECT, or lxc:///system).", valueName: "uri"))
    var connect: String?

    /// URI where a command line names none.
    static var standard: String { ProcessInfo.processInfo.environment["SLIPWAY_CONNECT"] ?? "lxc:///system" }

    var uri: String { connect ?? Self.standard }
}

struct JSONOption: ParsableArguments {
    @Flag(help: "Print JSON for programs instead of text.")
    var json = false
}

struct ConfirmOption: ParsableArguments {
    @Flag(name: [.long, .customShort("y")], help: "Do not ask before something is destroyed.")
    var yes = false
}
