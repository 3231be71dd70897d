import Basics
import CloudConfigLoading
import Foundation
import Planning
import Rendering
import Subprocess
import SystemPackage
import TestKit
import Testing
import TopologyLoading
import TopologyModel

/// A node of each role of every topology that comes with the project, in every format.
@Suite struct ShippedTopologiesTests {
    static let nodes = [
        "laptop/core-1", "dev-test/etcd-1", "dev-test/worker-1", "production/central-1", "production/worker-1",
    ]

    private static let project = URL(filePath: Checkout.path)

    private static func rendered(
        _ node: String,
        _ format: NodeFormat,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RenderedNode {
        let parts = node.split(separator: "/").map(String.init)
        let path = project.appending(path: "Topologies/\(parts[0]).yaml").path
        let topology = try TopologyLoader().load(path: path).checked()
        let observed = Observation(provider: ProviderObservation())
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: observed)
        let wanted = try #require(plan.nodes.first { $0.name == parts[1] }, sourceLocation: sourceLocation)
        let (config, diagnostics) = CloudConfigLoader.load(wanted.userData, file: node)
        #expect(diagnostics == [], sourceLocation: sourceLocation)
        let description = NodeDescription(
            config: config,
            instanceID: wanted.domainName,
            addresses: NodeDescription.Addresses(privateIPv4: "\(wanted.address)"),
        )
        return description.rendered(as: format, comment: ["Node \(parts[1]) of cluster \(parts[0])."])
    }

    @Test(arguments: nodes, NodeFormat.allCases)
    func isAsItWas(node: String, format: NodeFormat) throws {
        let rendered = try Self.rendered(node, format)
        #expect(!rendered.hasErrors)
        let files = rendered.files.map { "==> \($0.name)\n\($0.text)" }
        let text = (files + rendered.findings.map { "\($0.description)\n" }).joined()
        let name = "\(node.replacing("/", with: "."))-\(format.rawValue).txt"
        try Golden.expect(text, name)
    }

    // MARK: What the readers themselves say

    @Test(arguments: nodes, [NodeFormat.ignitionFlatcar, .ignitionFedora])
    func ignitionAccepts(node: String, format: NodeFormat) async throws {
        let text = try #require(try Self.rendered(node, format).files.first).text
        try await Self.check(text, "ignition-validate", ["usr/bin/ignition-validate"])
    }

    @Test(arguments: nodes)
    func cloudInitAccepts(node: String) async throws {
        let text = try #require(try Self.rendered(node, .cloudInit).files.first).text
        let python = ["/usr/bin/python3", "-m", "cloudinit.cmd.main", "schema", "--config-file"]
        try await Self.check(text, "cloud-init schema", python)
    }

    /// Both checkers do refuse something.
    @Test func theCheckersCheck() async {
        await #expect(throws: Refusal.self) {
            try await Self.check("{\"ignition\":{\"version\":\"9.9.9\"}}", "", ["usr/bin/ignition-validate"])
        }
        await #expect(throws: Refusal.self) {
            let python = ["/usr/bin/python3", "-m", "cloudinit.cmd.main", "schema", "--config-file"]
            try await Self.check("#cloud-config\nwrite_files: [{path: /a, permissions: 420}]\n", "", python)
        }
    }

    private struct Refusal: Error { var text: String }

    /// Programs of packages that `Scripts/test` unpacks: installed, they would act on the host.
    static func check(
        _ text: String,
        _ what: String,
        _ command: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let checkers = project.appending(path: ".build/checkers").path
        try #require(
            FileManager.default.fileExists(atPath: checkers),
            "run: Scripts/test unit",
            sourceLocation: sourceLocation
        )
        let directory = try TemporaryDirectory()
        let file = try directory.write(text, to: "rendered")
        let program = command[0].hasPrefix("/") ? command[0] : "\(checkers)/\(command[0])"
        let result = try await run(
            .path(FilePath(program)),
            arguments: Arguments(command.dropFirst() + [file]),
            environment: .inherit.updating(["PYTHONPATH": "\(checkers)/usr/lib/python3/dist-packages"]),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20),
        )
        let said = result.standardOutput + result.standardError
        guard result.terminationStatus.isSuccess, !said.contains("warning") else {
            throw Refusal(text: "\(what): \(said)")
        }
    }
}
