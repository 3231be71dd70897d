import ArgumentParser

/// A node on the command line of a command that takes more words after it.
///
/// Two words and not one list: ArgumentParser allows no argument after a list, and says so by ending debug builds.
struct NodeWords: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The cluster or its file; or the node, where its name is enough.", valueName: "cluster")
    )
    var first: String
    @Argument(help: ArgumentHelp("The node.", valueName: "node"))
    var second: String?

    var words: [String] { [first] + (second.map { [$0] } ?? []) }
}
