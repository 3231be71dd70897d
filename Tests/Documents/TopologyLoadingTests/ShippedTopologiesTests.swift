import Diagnostics
import Foundation
import TestKit
import Testing
import TopologyModel

@testable import TopologyLoading

@Suite struct ShippedTopologiesTests {
    private static let directory = #filePath.components(of: "/Tests/")[0] + "/Topologies"

    @Test(arguments: ["laptop", "dev-test", "production", "containers"])
    func validateWithoutAWord(name: String) throws {
        let loaded = TopologyLoader().load(path: "\(Self.directory)/\(name).yaml")
        let text = DiagnosticRenderer().render(loaded.diagnostics, sources: loaded.sources)
        #expect(text == "")
        #expect(try loaded.checked().name == name)
    }

    @Test func productionIsThreeAndTwo() throws {
        let topology = try TopologyLoader().load(path: "\(Self.directory)/production.yaml").checked()
        #expect(topology.memberCount == 3)
        #expect(topology.nodeCount == 5)
        #expect(topology.role(named: "worker")?.resources == Resources(cpus: 1, memoryMiB: 2048, diskGiB: 10))
        #expect(
            topology.units.map(\.name) == [
                "hello.service", "web@1.service", "web@2.service", "node-report.service", "busybox.service",
            ]
        )
    }

    @Test func filesThatAreNoFiles() {
        let directory = TopologyLoader().load(path: Self.directory).diagnostics
        #expect(directory.map(\.message) == ["cannot read \(Self.directory): it is a directory"])
        let missing = TopologyLoader().load(path: "\(Self.directory)/prodution.yaml").diagnostics
        #expect(missing.map(\.notes) == [["did you mean \(Self.directory)/production.yaml?"]])
    }

    /// Some editors write a byte order mark; and a shell's `<(…)` and `/dev/stdin` can be read only once.
    @Test func marksAndPipesAreRead() throws {
        let text = try #require(try DiskFiles().text(at: "\(Self.directory)/laptop.yaml"))
        let directory = try TemporaryDirectory()
        let marked = try directory.write([0xEF, 0xBB, 0xBF] + text.utf8, to: "marked.yaml")
        #expect(try DiskFiles().text(at: marked) == text)

        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("name: piped\n".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        for _ in 1...2 { #expect(try DiskFiles().text(at: path) == "name: piped\n") }

        // Standard input that a shell's `<` made of a file goes on where it was read last.
        let file = try #require(FileHandle(forReadingAtPath: marked))
        for _ in 1...2 {
            let bytes = try DiskFiles.bytes(at: "-", standardInput: file.fileDescriptor)
            #expect(bytes == [0xEF, 0xBB, 0xBF] + text.utf8)
        }
    }

    /// A scaled topology is checked again: one worker is enough for what production runs.
    @Test(arguments: [1, 2, 6])
    func productionScales(workers: Int) throws {
        var topology = try TopologyLoader().load(path: "\(Self.directory)/production.yaml").checked()
        let index = try #require(topology.roles.firstIndex { $0.name == "worker" })
        topology.roles[index].count = workers
        #expect(topology.check() == [])
    }
}

extension String {
    fileprivate func components(of separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
