import ArgumentParser

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct SocketForward: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fd-forward",
        abstract: "Join standard input and output with a unix socket.",
        discussion: "The original's fleetctl runs this on the far end of --tunnel.",
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The path of the socket.")
    var socket: String

    func run() throws {
        // A reader that is gone is an error to report, not the end of this process.
        signal(SIGPIPE, SIG_IGN)
        try SocketRelay(path: socket).run(from: STDIN_FILENO, to: STDOUT_FILENO)
    }
}
