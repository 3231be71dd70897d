import ArgumentParser

/// The whole run of `fleetctl`.
package enum FleetctlMain {
    /// - Parameter arguments: without the program's name.
    /// - Returns: the exit code: 0 done, 1 failed; of `status`, `journal` and `ssh` that of the program they run.
    package static func run(_ arguments: [String]) async -> Int32 {
        do {
            // Asked for by Scripts/docs, and no option of fleetctl's.
            let isDump = arguments == ["--experimental-dump-help"]
            let words = isDump ? arguments : try normalizer.normalized(arguments)
            if words == ["--help"] { Console.standard.out(FleetVersion.line) }
            if let topic = topic(words) {
                Console.standard.emit(topic.text)
                return 0
            }
            var command = try Fleetctl.parseAsRoot(words)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let error as FleetctlError {
            Console.standard.err("fleetctl: \(error)")
            return 1
        } catch let interruption as Interruption {
            interruption.end()
        } catch {
            return end(with: error)
        }
    }

    /// The page asked for by `help TOPIC`; help on a command is ArgumentParser's.
    private static func topic(_ words: [String]) -> HelpTopic? {
        guard words.count == 2, words[0] == "help", !normalizer.commands.contains(words[1]) else { return nil }
        return .named(words[1])
    }

    /// Normalizer for the spellings of fleetctl's options and commands.
    static var normalizer: ArgumentNormalizer {
        ArgumentNormalizer(
            commands: Fleetctl.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"],
            valued: [
                "endpoint", "tunnel", "request-timeout", "ssh-username", "ssh-timeout", "ssh-config",
                "known-hosts-file", "driver", "etcd-key-prefix", "ca-file", "cert-file", "key-file", "etcd-cafile",
                "etcd-certfile", "etcd-keyfile",
            ],
            targetValued: ["machine", "unit", "ssh-port"],
            flags: [
                "debug", "strict-host-key-checking", "full", "no-legend", "no-block", "replace", "json", "follow",
                "sudo", "forward-agent", "sign", "experimental-api", "watch", "systemd",
            ],
            originals: [
                "cat", "destroy", "fd-forward", "help", "journal", "list-machines", "list-unit-files", "list-units",
                "load",
                "restart", "ssh", "start", "status", "stop", "submit", "unload", "verify", "version",
            ],
        )
    }

    /// Help goes to the output, a misuse of the command line is an error.
    private static func end(with error: any Error) -> Int32 {
        if let code = error as? ExitCode { return code.rawValue }
        let text = Fleetctl.fullMessage(for: error)
        guard Fleetctl.exitCode(for: error).isSuccess else {
            Console.standard.err(text)
            return 1
        }
        Console.standard.out(text)
        return 0
    }
}
