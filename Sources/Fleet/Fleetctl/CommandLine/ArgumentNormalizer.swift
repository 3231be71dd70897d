import Diagnostics

/// Turns a command line of the original fleetctl into one that ArgumentParser reads: options may precede the command,
/// flags may have a value (`--full=false`), and a command may be cut to any prefix that no other one shares.
package struct ArgumentNormalizer: Sendable {
    /// The commands there are.
    package var commands: [String]
    /// The long names of options that take a value and may precede the command.
    package var valued: Set<String>
    /// Those of `ssh`, whose own arguments end at the first word that is no option.
    package var targetValued: Set<String>
    /// The long names of flags, wherever they stand.
    package var flags: Set<String>
    /// The commands that the original had: what was unmistakable among them stays so.
    package var originals: Set<String>

    package init(
        commands: [String],
        valued: Set<String>,
        targetValued: Set<String> = [],
        flags: Set<String>,
        originals: Set<String> = [],
    ) {
        self.commands = commands
        self.valued = valued
        self.targetValued = targetValued
        self.flags = flags
        self.originals = originals
    }

    /// - Throws: `FleetctlError` for a command that does not exist, or a prefix of several.
    package func normalized(_ arguments: [String]) throws -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let argument = rest.first, argument.hasPrefix("-"), argument != "--" {
            rest = rest.dropFirst()
            if ["--help", "-h", "--h", "-help"].contains(argument) { return ["--help"] }
            if ["--version", "-version", "-v", "--v"].contains(argument) { return ["version"] }
            leading.append(argument)
            let takesNext = valued.contains(String(argument.drop { $0 == "-" })) && !argument.contains("=")
            if takesNext, let value = rest.popFirst() { leading.append(value) }
        }
        guard let typed = rest.popFirst() else { return ["--help"] }
        let command = try command(for: typed)
        if command == "help", rest.isEmpty { return ["--help"] }
        let end = command == "ssh" ? ownEnd(rest) : rest.firstIndex(of: "--") ?? rest.endIndex
        return [command] + (try (leading + rest[..<end]).compactMap(plain)) + rest[end...]
    }

    /// Index at which the arguments of `ssh` itself end, and a machine or a command for it begins.
    private func ownEnd(_ arguments: ArraySlice<String>) -> Int {
        var index = arguments.startIndex
        while index < arguments.endIndex, arguments[index].hasPrefix("-"), arguments[index] != "--" {
            let name = String(arguments[index].drop { $0 == "-" })
            index += valued.union(targetValued).contains(name) ? 2 : 1
        }
        return min(index, arguments.endIndex)
    }

    private func command(for typed: String) throws -> String {
        if commands.contains(typed) { return typed }
        let matches = commands.filter { $0.hasPrefix(typed) }.sorted()
        if let only = matches.first, matches.count == 1 { return only }
        let older = matches.filter(originals.contains)
        if let only = older.first, older.count == 1 { return only }
        if matches.isEmpty {
            let nearest = Spelling.nearest(to: typed, among: commands).map { "did you mean \($0)? " } ?? ""
            throw FleetctlError(.usage, "unknown command \"\(typed)\"; \(nearest)fleetctl --help lists the commands")
        }
        throw FleetctlError(.usage, "\"\(typed)\" may be \(matches.joined(separator: " or "))")
    }

    /// The original's short flags, as it took them and as it wrote them.
    private static let shortFlags = ["--l": "-l", "--f": "-f", "--A": "-A", "--h": "-h"]

    /// Takes the value from a flag; nil for a flag that is not set.
    private func plain(_ argument: String) throws -> String? {
        if let short = Self.shortFlags[argument] { return short }
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts[0].hasPrefix("--"), flags.contains(String(parts[0].dropFirst(2))) else {
            return argument
        }
        switch ArgumentNormalizer.truth(parts[1]) {
        case true?: return parts[0]
        case false?: return parts[0] == "--strict-host-key-checking" ? "--no-strict-host-key-checking" : nil
        case nil: throw FleetctlError(.usage, "invalid boolean value \"\(parts[1])\" for \(parts[0])")
        }
    }

    /// Value of a boolean as Go's flags read it; nil for other text.
    static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "1", "t", "true": true
        case "0", "f", "false": false
        default: nil
        }
    }
}
