import ArgumentParser
import TopologyModel
import Workspace

/// Nodes that are to be made anew though the file asks for nothing new of them.
struct ReplaceOption: ParsableArguments {
    @Option(
        name: .customLong("replace"),
        help: ArgumentHelp("Make a node anew, without what is stored on it; may be repeated.", valueName: "node"),
    )
    var names: [String] = []

    func validate() throws { try Self.check(names) }

    /// Refuses what is no node's name.
    static func check(_ names: [String]) throws {
        for name in names {
            guard let problem = NameRule.problem(with: name, limit: NameRule.nodeLimit) else { continue }
            throw InvalidName(kind: "node", text: name, problem: problem)
        }
    }

    /// The options again, for advice on what to run next.
    var words: String { names.map { " --replace \($0)" }.joined() }
}
