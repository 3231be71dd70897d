import ArgumentParser
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct NodeStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Shut a node down; what is stored on it stays.",
        usage: "slipway stop [CLUSTER|FILE] NODE [--timeout SECONDS] [--force]",
        discussion: """
            The node is asked first: a virtual machine by its guest agent or its power button, a container by a signal \
            to its init. After the timeout its power is cut. It is off until `start`, or the next `up`, which starts \
            it.
            """,
    )

    @OptionGroup var power: PowerOptions

    func run() async throws {
        try await power.change("stop") { node, workspace in
            try await power.stop(node, workspace: workspace)
        }
    }
}

struct NodeStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start",
        abstract: "Power a node on that is off.",
        usage: "slipway start [CLUSTER|FILE] NODE",
        discussion: "Returns once it is powered on; `slipway up` also waits until it is ready.",
    )

    @OptionGroup var power: PowerOptions

    func run() async throws {
        try await power.change("start") { node, workspace in
            try await power.start(node, workspace: workspace)
        }
    }
}

struct NodeRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Shut a node down and power it on again.",
        usage: "slipway restart [CLUSTER|FILE] NODE [--timeout SECONDS] [--force]",
    )

    @OptionGroup var power: PowerOptions

    func run() async throws {
        try await power.change("restart") { node, workspace in
            try await power.stop(node, workspace: workspace)
            try await power.start(node, workspace: workspace)
        }
    }
}

/// Options of the commands that change a node's power.
struct PowerOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The cluster (or its file) and the node.", valueName: "node"))
    var words: [String]
    @Option(help: "How many seconds it may take to shut down before its power is cut.")
    var timeout = 120
    @Flag(help: "Cut its power at once.")
    var force = false
    @OptionGroup var connect: ConnectOptions

    func validate() throws {
        guard timeout >= 0 else { throw ValidationError("--timeout cannot be less than 0") }
    }

    /// Does something to the node, while nobody else changes its cluster.
    func change(_ verb: String, _ body: (ObservedNode, HostWorkspace) async throws -> Void) async throws {
        let argument = try NodeArgument(words: words)
        let workspace = try await HostWorkspace.open(connect.uri)
        let node = try await argument.resolve(workspace)
        let purpose = "slipway \(verb) \(words.joined(separator: " "))"
        try await workspace.changing(ClusterName(node.cluster), purpose: purpose, note: Output.note) { _ in
            try await body(node, workspace)
        }
    }

    func stop(_ node: ObservedNode, workspace: HostWorkspace) async throws {
        guard node.power != .off else { return Output.print("\(node.name) is off.") }
        let reference = NodeReference(node)
        let clock = ContinuousClock()
        let begin = clock.now
        var outcome = StopOutcome.powerCut
        if force {
            try await workspace.provider.powerOff(reference)
        } else {
            outcome = try await workspace.provider.stop(reference, deadline: .seconds(timeout))
        }
        let took = clock.now - begin
        let how = outcome == .powerCut ? "Cut the power of" : "Stopped"
        Output.print("\(how) \(node.name) in \(Format.duration(took)).")
    }

    func start(_ node: ObservedNode, workspace: HostWorkspace) async throws {
        guard
            let present = try await workspace.provider.observe().nodes(of: node.cluster).first(where: {
                $0.name == node.name
            })
        else { throw UserError("\(node.domainName) is gone; see: slipway status \(node.cluster)") }
        guard present.power == .off else { return Output.print("\(node.name) is on.") }
        try await workspace.provider.start(NodeReference(node))
        Output.print("Started \(node.name).")
    }
}
