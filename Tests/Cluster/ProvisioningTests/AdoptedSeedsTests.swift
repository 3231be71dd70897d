import SecureShell
import SystemPackage
import TestKit
import Testing

/// Keys of a cluster that was on another host before.
@Suite struct AdoptedSeedsTests {
    @Test func aClusterKeepsItsKeysOnAnotherHost() throws {
        let scratch = try TemporaryDirectory()
        let directory = scratch.filePath.appending("keys")
        let before = try HostSecret(directory: scratch.filePath.appending("other"))
        let purposes = [["host", "demo", "central-1"], ["cluster", "demo"], ["certificates", "demo", "1"]]
        let seeds = purposes.map { (purpose: $0, seed: before.seed($0)) }
        let own = try HostSecret(directory: directory)
        #expect(!own.hasAdopted)
        #expect(!before.adopting(seeds).hasAdopted, "they are what that host derives")

        let adopting = own.adopting(seeds)
        #expect(adopting.hasAdopted)
        #expect(
            try adopting.hostKey(cluster: "demo", node: "central-1")
                == before.hostKey(cluster: "demo", node: "central-1")
        )
        // What the backup does not know is this host's.
        #expect(try adopting.hostKey(cluster: "demo", node: "new-1") == own.hostKey(cluster: "demo", node: "new-1"))
        #expect(try adopting.ownKey() == own.ownKey())

        #expect(try !HostSecret(directory: directory).hasAdopted, "nothing is kept yet")
        try adopting.keepAdopted(of: "demo")
        #expect(try HostSecret(directory: directory).seed(["cluster", "demo"]) == before.seed(["cluster", "demo"]))
        try adopting.forgetAdopted(of: "other")
        #expect(try HostSecret(directory: directory).hasAdopted)
        try adopting.forgetAdopted(of: "demo")
        try adopting.forgetAdopted(of: "demo")
        #expect(try HostSecret(directory: directory).seed(["cluster", "demo"]) == own.seed(["cluster", "demo"]))
    }
}
