import ArgumentParser
import TopologyModel

/// Options of every command that plans from a file.
struct RuntimeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Make every node a container or a vm, whatever the file says; auto makes a vm where the host has KVM. "
                + "Say it again with the next command.",
            valueName: "container|vm|auto",
        )
    )
    var runtime: RuntimeChoice?
    @Option(
        help: ArgumentHelp(
            "How processors of virtual machines are made: auto takes KVM where the host's processor can do it.",
            valueName: "auto|kvm|tcg",
        )
    )
    var accelerator: Accelerator?

    func applied(to topology: Topology) throws -> Topology {
        try topology.overriding(runtime: runtime, accelerator: accelerator)
    }

    /// The options again, for advice on what to run next.
    var words: String {
        (runtime.map { " --runtime \($0.rawValue)" } ?? "")
            + (accelerator.map { " --accelerator \($0.rawValue)" } ?? "")
    }
}

extension RuntimeChoice: ExpressibleByArgument {}
extension Accelerator: ExpressibleByArgument {}
