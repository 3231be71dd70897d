import TestKit
import Testing

extension RealNodes {
    /// The topology for one's own computer, with the docker client that is at hand there.
    @Suite(.serialized)
    struct LaptopTests {
        /// As on a host without KVM, where its node is a container; a machine's Docker is asked by `MachineTests`.
        @Test("the host's docker client runs a container on the node", .timeLimit(.minutes(8)))
        func docker() async throws {
            try await TestCluster.with("laptop") { cluster in
                try cluster.copyTopology("laptop")
                let plan = try await Program.slipway(["plan", cluster.file]).expecting(2)
                let said = "Nodes of role core are (containers|virtual machines): [^.]+\\."
                #expect(try plan.text.contains(Regex(said)), "\(plan)")
                try await Program.slipway(["up", cluster.file, "--yes", "--runtime", "container"]).expecting(0)
                let script = #"eval "$("$1" env "$2")" && exec "$3" run --rm busybox echo hello"#
                let words = ["\(Program.directory)/slipway", cluster.name, Program.docker]
                let ran = try await Program.run(["bash", "-c", script, "bash"] + words).expecting(0)
                #expect(ran.output == "hello\n", "\(ran)")
            }
        }
    }
}
