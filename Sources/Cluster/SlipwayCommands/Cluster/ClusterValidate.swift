import ArgumentParser
import CloudConfigLinting
import Diagnostics
import Terminal
import TopologyLoading
import TopologyModel
import UnitFiles

struct ClusterValidate: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check topology files and their units, cloud-configs and unit files; touches nothing.",
        discussion: """
            A file whose first line is #cloud-config is checked as one: the rules of CoreOS's own validator, and what \
            it let through and a node then chokes on. A file whose name is that of a unit (hello.service) is checked \
            by fleet's rules and systemd's. Every mistake is shown at once, with its place and what was \
            probably meant. Of a directory the topologies, cloud-configs and units in it are checked. Exit code 1 on \
            errors.
            """,
    )

    @Argument(help: "Topologies, cloud-configs and unit files, or directories of them.")
    var files: [String]
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

    private struct Checked {
        var payload: Payload
        var sources: [String: String] = [:]
        var summary = ""
    }

    func run() async throws {
        let paths = try files.flatMap { try ValidatedFile.paths(at: $0) }
        let checked = try paths == files && files.count == 1 ? [check(files[0])] : paths.map(checkBesideOthers)
        if output.json {
            if paths == files, let only = checked.first, checked.count == 1 {
                try Output.json(only.payload)
            } else {
                try Output.json(checked.map(\.payload))
            }
        } else {
            for one in checked {
                Diagnosing.show(one.payload.diagnostics, sources: one.sources)
                if one.payload.valid { Output.print("\(one.payload.file) is valid: \(one.summary).") }
            }
        }
        guard checked.allSatisfy(\.payload.valid) else { throw ExitCode.failure }
    }

    /// A file that cannot be read keeps no other from being checked.
    private func checkBesideOthers(_ file: String) -> Checked {
        do {
            return try check(file)
        } catch {
            return Checked(payload: Payload(file: file, valid: false, diagnostics: [.error("\(error)")]))
        }
    }

    private func check(_ file: String) throws -> Checked {
        switch try ValidatedFile(path: file, isCloudConfig: consumer != nil) {
        case .topology: try checkTopology(file)
        case .cloudConfig(let bytes): checkCloudConfig(bytes, file)
        case .unit(let text): checkUnit(text, file)
        case .script:
            Checked(
                payload: Payload(file: file, valid: true, diagnostics: []),
                summary: "a script, which a node runs as it is"
            )
        }
    }

    private func checkTopology(_ file: String) throws -> Checked {
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
        return Checked(payload: payload, sources: loaded.sources, summary: summary ?? "")
    }

    private func checkCloudConfig(_ bytes: [UInt8], _ file: String) -> Checked {
        let consumer = consumer ?? .coreos
        let findings = consumer.findings(bytes, file: file)
        return Checked(
            payload: Payload(file: file, valid: !findings.hasErrors, diagnostics: findings),
            sources: [file: String(decoding: bytes, as: UTF8.self)],
            summary: "a cloud-config for \(consumer.rawValue)",
        )
    }

    private func checkUnit(_ text: String, _ file: String) -> Checked {
        let findings = UnitFile.check(text, path: file)
        return Checked(
            payload: Payload(file: file, valid: !findings.hasErrors, units: 1, diagnostics: findings),
            sources: [file: text],
            summary: "a unit that fleet can run",
        )
    }
}

extension Consumer: ExpressibleByArgument {}
