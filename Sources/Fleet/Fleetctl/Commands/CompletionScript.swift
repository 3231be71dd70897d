import ArgumentParser

struct CompletionScript: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes fleetctl's commands, options and units in a shell.",
        discussion: """
            bash:  fleetctl completion bash > /etc/bash_completion.d/fleetctl
            zsh:   fleetctl completion zsh > "${fpath[1]}/_fleetctl"
            fish:  fleetctl completion fish > ~/.config/fish/completions/fleetctl.fish
            """,
    )

    @Argument(help: "bash, zsh or fish.")
    var shell: String

    func run() throws {
        guard let known = CompletionShell.allCases.first(where: { $0.rawValue == shell }) else {
            let names = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
            throw FleetctlError(.usage, "there is no completion for \"\(shell)\"; there is for \(names)")
        }
        Console.standard.out(Fleetctl.completionScript(for: known))
    }
}

extension CompletionKind {
    /// The units that fleet knows.
    static var units: CompletionKind {
        .shellCommand("fleetctl list-unit-files --no-legend --fields unit 2>/dev/null")
    }
}
