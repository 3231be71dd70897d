import Testing

extension RealNodes {
    /// Machines' disks and what they lie on, when there is no room.
    @Suite(.serialized)
    struct StorageTests {
        @Test("a pool that becomes full is said, and half an image does not stay in it", .timeLimit(.minutes(4)))
        func fullPool() async throws {
            try await TestCluster.with("full") { cluster in
                try cluster.write(Self.topology(cluster), to: "full.yaml")
                try await Self.withSmallPool {
                    // Before there is a pool nobody knows how much room there will be.
                    let failed = try await Program.slipway(["up", cluster.file, "--yes"], deadline: 90).expecting(1)
                    for word in ["No space left on device", "boot core-1"] {
                        #expect(failed.text.contains(word), "no '\(word)' in \(failed)")
                    }
                    let left = try await Program.run(["ls", "-A", Self.pool]).expecting(0)
                    #expect(left.output.isEmpty, "\(left)")
                    // Now it is known, and nothing is begun.
                    let refused = try await Program.slipway(["up", cluster.file, "--yes"], deadline: 60).expecting(1)
                    for word in ["full.yaml:5:", "the storage pool has 100MiB left"] {
                        #expect(refused.text.contains(word), "no '\(word)' in \(refused)")
                    }
                    try await Program.slipway(["down", cluster.name, "--yes", "--timeout", "0"]).expecting(0)
                    try await lostPool(cluster)
                }
            }
        }

        /// A disk in the pool's directory, while libvirt knows of no pool and no domain.
        private func lostPool(_ cluster: TestCluster) async throws {
            let disk = "\(Self.pool)/\(cluster.name).core-1.disk.qcow2"
            let forget = "for verb in destroy undefine; do virsh -q -c qemu:///system pool-$verb slipway; done"
            try await Program.shell("\(forget); qemu-img create -q -f qcow2 \(disk) 1M").expecting(0)
            let plan = try await Program.slipway(["plan", cluster.file])
            for words in ["its domain is gone, and its storage is there", "libvirt has lost its storage pool slipway"] {
                #expect(plan.text.contains(words), "no '\(words)' in \(plan)")
            }
            try await Program.shell("virsh -q -c qemu:///system pool-info slipway").expecting(1)
            try await Program.slipway(["down", cluster.name, "--yes", "--timeout", "0"]).expecting(0)
            try await Program.shell("test ! -e \(disk)").expecting(0)
        }

        private static let pool = "/var/lib/libvirt/images/slipway"

        private static func topology(_ cluster: TestCluster) -> String {
            """
            name: \(cluster.name)
            network:
              cidr: \(cluster.cidr)
            roles:
              core:
                count: 1
                etcd: member
                runtime: vm

            """
        }

        /// Has the pool's directory be a file system of 100 MiB, and libvirt know of no pool, while `body` runs.
        private static func withSmallPool(_ body: () async throws -> Void) async throws {
            let forget = """
                for verb in destroy undefine; do virsh -q -c qemu:///system pool-$verb slipway 2>/dev/null || true; done

                """
            func run(_ script: String) async throws {
                _ = try await Program.shell(forget + script, deadline: 30).expecting(0)
            }
            try await run("mkdir -p \(pool) && mount -t tmpfs -o size=100M full \(pool)")
            do {
                try await body()
            } catch {
                // Cancelled or not: the next machines want the directory as it was.
                try await Task { try await run("umount -l \(pool); rmdir --ignore-fail-on-non-empty \(pool)") }
                    .value
                throw error
            }
            try await run("umount -l \(pool); rmdir --ignore-fail-on-non-empty \(pool)")
        }
    }
}
