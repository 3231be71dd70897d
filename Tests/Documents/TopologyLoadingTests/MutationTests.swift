import Basics
import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// Whatever is typed, the answer is a topology or errors with a place in the file; never a crash.
@Suite struct MutationTests {
    private static let text = """
        name: production
        defaults: {runtime: container, cpus: 1, memory: 1GiB, disk: 10GiB}
        network: {cidr: 10.71.3.0/24, mode: nat}
        fleet: {machine_ttl: 5s}
        docker: {tcp: false, registry_mirrors: [http://10.71.3.1:5000], insecure_registries: []}
        roles:
          central: {count: 3, etcd: member, metadata: {role: central}}
          worker:
            count: 2
            etcd: proxy
            metadata: {role: worker, group: web}
            memory: 2GiB
            cloud_config: {coreos: {units: [{name: docker.service, drop_ins: [{name: a.conf, content: "[Service]"}]}]}}
        cloud_config:
          write_files:
            - path: /etc/motd
              permissions: "0644"
              content: |
                hello
        units:
          - file: units/hello.service
            state: launched
          - file: units/web@.service
            instances: 2
          - file: units/global.service

        """

    private static let pieces: [String] = [
        "0", "-1", "9999999999999999999999", "{", "}", "[", "]", ":", ": ", "- ", "\n", "  ", "\t", "#", "\"", "'",
        "&a ",
        "*a", "<<: ", "~", "null", "true", "é", "\u{0}", "\u{85}", "!!str ", "|\n", "%", "@", "count: 2\n", "worker:",
        "é̈",
    ]

    @Test(arguments: 0..<20) func neverCrashesAndAlwaysPoints(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            var characters = Array(Self.text)
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&characters, using: &random) }
            let text = String(characters)
            let loaded = Fixture.load(text)
            #expect((loaded.topology == nil) == loaded.diagnostics.hasErrors, "\(text)")
            for diagnostic in loaded.diagnostics { Self.checkPlace(of: diagnostic, in: loaded.sources, text) }
            _ = DiagnosticRenderer().render(loaded.diagnostics, sources: loaded.sources)
            if let topology = loaded.topology {
                #expect(!topology.check().hasErrors, "\(text)")
            }
        }
    }

    @Test(arguments: 0..<10) func editingKeepsTheRest(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var characters = Array(Self.text)
            Self.mutate(&characters, using: &random)
            let text = String(characters)
            let count = Int.random(in: 1...40, using: &random)
            guard let before = Fixture.load(text).topology, before.role(named: "worker") != nil else { continue }
            let edited = try TopologyEditing.setCount(role: "worker", to: count, in: text, file: "t/a.yaml")
            var after = try #require(Fixture.load(edited).topology, "\(edited)")
            #expect(after.role(named: "worker")?.count == count)
            #expect(after.roles.map(\.name) == before.roles.map(\.name))
            after.roles = before.roles
            #expect(after.units.map(\.name) == before.units.map(\.name))
        }
    }

    private static func mutate(_ characters: inout [Character], using random: inout SeededGenerator) {
        let index = Int.random(in: 0..<characters.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: characters.remove(at: index)
        case 1: characters.insert(contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &random)], at: index)
        case 2: characters.swapAt(index, Int.random(in: 0..<characters.count, using: &random))
        case 3: characters.removeSubrange(index..<min(characters.count, index + Int.random(in: 1...12, using: &random)))
        default:
            let end = min(characters.count, index + Int.random(in: 1...30, using: &random))
            let copied = characters[index..<end]
            characters.insert(contentsOf: copied, at: Int.random(in: 0..<characters.count, using: &random))
        }
        if characters.isEmpty { characters = ["x"] }
    }

    private static func checkPlace(
        of diagnostic: Diagnostic,
        in sources: [String: String],
        _ text: String,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) {
        guard let place = diagnostic.location else {
            Issue.record("no place: \(diagnostic.message)\n\(text)", sourceLocation: sourceLocation)
            return
        }
        let lines = (sources[place.file] ?? "").split(omittingEmptySubsequences: false) { $0.isNewline }
        let isInside =
            lines.indices.contains(place.line - 1) && place.column >= 1
            && place.column <= lines[place.line - 1].count + 1
        #expect(isInside, "\(place): \(diagnostic.message)\n\(text)", sourceLocation: sourceLocation)
    }
}
