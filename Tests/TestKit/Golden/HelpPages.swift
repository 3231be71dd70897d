import ArgumentParser

/// The help of a command and of all below it, taken from the command tree: one that is added has a page, too.
package enum HelpPages {
    /// - Returns: a page for each command; its file is named as the command is called: `slipway-image-add.txt`.
    package static func of(_ root: any ParsableCommand.Type) -> [(file: String, text: String)] {
        pages(root, root: root, path: [])
    }

    /// - Returns: the words of every command below one, without that one's own: `["image", "add"]`.
    package static func commands(of root: any ParsableCommand.Type) -> [[String]] {
        root.configuration.subcommands.flatMap { command in
            [[name(command)]] + commands(of: command).map { [name(command)] + $0 }
        }
    }

    private static func pages(
        _ command: any ParsableCommand.Type,
        root: any ParsableCommand.Type,
        path: [String],
    ) -> [(file: String, text: String)] {
        let path = path + [name(command)]
        let own = (path.joined(separator: "-") + ".txt", root.helpMessage(for: command, columns: 100) + "\n")
        return [own] + command.configuration.subcommands.flatMap { pages($0, root: root, path: path) }
    }

    private static func name(_ command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }
}
