import TestKit
import Testing

@testable import Images

@Suite struct NodeProgramsTests {
    private let fine = ELFSample.bytes(needing: ["libc.so.6"])
    private let dynamic = ELFSample.bytes(needing: ["libswiftCore.so"])

    @Test func prefersTheReleaseBuildToADynamicDebugBuild() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            for name in NodeProgramName.allCases {
                try scratch.write(dynamic, to: "debug/\(name.rawValue)")
                try scratch.write(fine, to: "release/\(name.rawValue)")
            }
            let programs = try NodePrograms.locate(near: "\(scratch.path)/debug/slipway")
            let expected = NodeProgramName.allCases.map { "\(scratch.path)/release/\($0.rawValue)" }
            #expect(programs.programs.map(\.path) == expected)
        }
    }

    @Test func namesEveryProgramThatIsMissingAndHowToBuildThem() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            for name in NodeProgramName.allCases where name != .slipwayNode {
                try scratch.write(name == .slipwayEtcdProxy ? dynamic : fine, to: "debug/\(name.rawValue)")
            }
            let error = #expect(throws: ImagesError.self) {
                try NodePrograms.locate(near: "\(scratch.path)/debug/slipway")
            }
            let message = try #require(error).message
            #expect(message.contains("slipway-node is in none of"))
            #expect(message.contains("debug/slipway-etcd-proxy needs libswiftCore.so"))
            #expect(message.hasSuffix("build them with: \(NodePrograms.buildCommand)"))
        }
    }

    @Test func takesThemWhereItIsTold() {
        let path = NodePrograms.searchPath(near: "/a/b/slipway", environment: ["SLIPWAY_NODE_PROGRAMS": "/p"])
        #expect(path == ["/p"])
        #expect(
            NodePrograms.searchPath(near: "/a/b/slipway", environment: [:]) == ["/a/b", "/a/release", "/a/lib/slipway"]
        )
    }

    @Test func remembersWhatItRead() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            for name in NodeProgramName.allCases {
                try scratch.write(fine, to: "release/\(name.rawValue)")
            }
            let cache = "\(scratch.path)/digests"
            func locate() throws -> Set<String> {
                let near = "\(scratch.path)/release/slipway"
                let programs = try NodePrograms.locate(near: near, cache: DigestCache(file: cache))
                return Set(programs.programs.map(\.digest))
            }
            let first = try locate()
            #expect(first == [try FileDigest.of("\(scratch.path)/release/slipway-node")])
            #expect(try scratch.text("digests").split(separator: "\n").count == NodeProgramName.allCases.count)
            #expect(try locate() == first)
            try scratch.write(fine + [0], to: "release/slipway-node")
            #expect(try locate().count == 2)
        }
    }
}
