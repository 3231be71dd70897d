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
        let (patience, force) = (power.patience, power.force)
        try await power.change("stop") { try await $0.stop(within: patience, force: force) }
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
        try await power.change("start") { try await $0.start() }
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
        let (patience, force) = (power.patience, power.force)
        try await power.change("restart") { node in
            try await node.stop(within: patience, force: force)
            try await node.start()
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

    var patience: Duration { .seconds(timeout) }

    /// Runs an operation on the node under its cluster's lock.
    func change(_ verb: String, _ body: @escaping @Sendable (PoweredNode) async throws -> Void) async throws {
        let argument = try NodeArgument(words: words)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let node = try await argument.resolve(workspace)
        let purpose = "slipway \(verb) \(words.joined(separator: " "))"
        try await workspace.changing(ClusterName(node.cluster), purpose: purpose, note: Output.note) { _ in
            let advice = "Stopped; whether it is on: slipway status \(node.cluster)"
            try await Interrupt.guarding(advice: advice) {
                let leaving = verb == "start" ? nil : node.name
                try await workspace.recording(purpose, of: node.cluster, without: leaving) {
                    try await body(PoweredNode(node: node, workspace: workspace))
                }
            }
        }
    }
}

/// A node whose power is changed.
struct PoweredNode: Sendable {
    let node: ObservedNode
    let workspace: HostWorkspace

    func stop(within patience: Duration, force: Bool) async throws {
        guard node.power != .off else { return Output.print("\(node.name) is off.") }
        let reference = NodeReference(node)
        let clock = ContinuousClock()
        let begin = clock.now
        var outcome = StopOutcome.powerCut
        if force {
            try await workspace.provider.powerOff(reference)
        } else {
            outcome = try await workspace.provider.stop(reference, deadline: patience)
        }
        let took = clock.now - begin
        let how = outcome == .powerCut ? "Cut the power of" : "Stopped"
        Output.print("\(how) \(node.name) in \(Format.duration(took)).")
    }

    func start() async throws {
        let seen = try await workspace.provider.observe()
        if let cut = seen.cutRestore(of: node.cluster) { throw UserError(cut: cut) }
        guard let present = seen.nodes(of: node.cluster).first(where: { $0.name == node.name }) else {
            throw UserError("\(node.domainName) is gone; see: slipway status \(node.cluster)")
        }
        guard present.power == .off else { return Output.print("\(node.name) is on.") }
        try await workspace.provider.start(NodeReference(node))
        Output.print("Started \(node.name).")
    }
}
