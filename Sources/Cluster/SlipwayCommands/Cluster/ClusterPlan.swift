import ArgumentParser
import Diagnostics
import Planning
import TopologyLoading

struct ClusterPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what `up` would do, and why; changes nothing.",
        discussion: "Exit code 0: nothing to do. 2: there are changes. 1: an error.",
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @Flag(name: .customLong("rotate-certs"), help: "What `up --rotate-certs` would do.")
    var rotatesCertificates = false
    @OptionGroup var machines: MachineOptions
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let loaded = try Diagnosing.topology(ClusterArgument(cluster))
        let topology = try Diagnosing.showing(loaded.sources) { try machines.applied(to: loaded.checked()) }
        let session = try await Session.open(connect, reachesNodes: true)
        let plan = try await Diagnosing.showing(loaded.sources) {
            try await session.plan(topology, renewsCertificates: rotatesCertificates).plan
        }
        Diagnosing.show(plan.warnings, sources: loaded.sources)
        if output.json {
            try Output.json(PlanPayload(plan))
        } else {
            Output.print(PlanText(plan: plan, style: Output.style).text())
        }
        if !plan.isEmpty { throw ExitCode(2) }
    }
}
