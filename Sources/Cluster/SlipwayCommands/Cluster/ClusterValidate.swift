import ArgumentParser
import CloudConfigLinting
import Diagnostics
import Terminal
import TopologyLoading
import TopologyModel
import UnitFiles

struct ClusterValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a topology file and its units, a cloud-config or a unit file; touches nothing.",
        discussion: """
            A file whose first line is #cloud-config is checked as one: the rules of CoreOS's own validator, and what \
            it let through and a node then chokes on. A file whose name is that of a unit (hello.service) is checked \
            by fleet's rules and systemd's. Every mistake is shown at once, with its place and what was \
            probably meant. Exit code 1 on errors.
            """,
    )

    @Argument(help: "The topology, cloud-config or unit file.")
    var file: String
    @Option(
        name: .customLong("for"),
        help: "Who is to read the cloud-config: coreos (and Slipway's nodes), flatcar or cloud-init.",
    )
    var consumer: Consumer?
    @OptionGroup var output: JSONOption

    struct Payload: Encodable {
        var file: String
        var valid: Bool
        var name: String?
        var nodes: Int?
        var units: Int?
        var diagnostics: [Diagnostic]
    }

    func run() async throws {
        switch try ValidatedFile(path: file, isCloudConfig: consumer != nil) {
        case .topology: try validateTopology()
        case .cloudConfig(let bytes): try validateCloudConfig(bytes)
        case .unit(let text): try validateUnit(text)
        }
    }

    private func validateTopology() throws {
        let argument = ClusterArgument(file)
        let loaded = try argument.load()
        let topology = loaded.diagnostics.hasErrors ? nil : loaded.topology
        let payload = Payload(
            file: try argument.path(),
            valid: topology != nil,
            name: loaded.topology?.name,
            nodes: loaded.topology?.nodeCount,
            units: loaded.topology?.units.count,
            diagnostics: loaded.diagnostics.inReadingOrder,
        )
        let summary = topology.map { topology in
            let nodes = Format.count(topology.nodeCount, "node")
            let units = Format.count(topology.units.count, "unit")
            return "cluster \(topology.name), \(nodes), \(units)"
        }
        try report(payload, sources: loaded.sources, summary: summary ?? "")
    }

    private func validateCloudConfig(_ bytes: [UInt8]) throws {
        let consumer = consumer ?? .coreos
        let findings = consumer.findings(bytes, file: file)
        let payload = Payload(file: file, valid: !findings.hasErrors, diagnostics: findings)
        let sources = [file: String(decoding: bytes, as: UTF8.self)]
        try report(payload, sources: sources, summary: "a cloud-config for \(consumer.rawValue)")
    }

    private func validateUnit(_ text: String) throws {
        let findings = UnitFile.check(text, path: file)
        let payload = Payload(file: file, valid: !findings.hasErrors, units: 1, diagnostics: findings)
        try report(payload, sources: [file: text], summary: "a unit that fleet can run")
    }

    private func report(_ payload: Payload, sources: [String: String], summary: String) throws {
        if output.json {
            try Output.json(payload)
        } else {
            Diagnosing.show(payload.diagnostics, sources: sources)
            if payload.valid { Output.print("\(payload.file) is valid: \(summary).") }
        }
        guard payload.valid else { throw ExitCode.failure }
    }
}

extension Consumer: ExpressibleByArgument {}
