import FoundationEssentials
import TestKit
import Testing
import TopologyModel

@testable import Images

/// Versions of a root, and what differs between them.
@Suite struct RootRecordTests {
    private let recipe = RootRecipe(suite: "test", packages: ["a"], excluded: [], customization: "exit 0\n")

    /// A store whose mmdebstrap makes a root with these packages.
    private func store(_ scratch: TemporaryDirectory) throws -> ImageStore {
        let script = """
            #!/bin/sh
            hook=${1#--customize-hook=}
            while [ $# -gt 0 ] && [ "$1" != test ]; do shift; done
            mkdir -p $2/var/lib/dpkg && cp \(scratch.path)/status $2/var/lib/dpkg/status
            cp \(scratch.path)/fixes "${hook##*>}"

            """
        var store = ImageStore(home: scratch.path)
        store.bootstrapper = try scratch.write(script, to: "bootstrap", mode: 0o755)
        return store
    }

    private func installs(_ packages: [String: String], fixes: String = "", in scratch: TemporaryDirectory) throws {
        let stanzas = packages.sorted { $0.key < $1.key }.map { name, version in
            "Package: \(name)\nStatus: install ok installed\nDescription: of \(name)\n Version: 0\nVersion: \(version)\n\n"
        }
        let gone = "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
        try scratch.write(stanzas.joined() + gone, to: "status")
        try scratch.write(fixes, to: "fixes")
    }

    @Test func aRootOfOtherPackagesIsAnotherVersion() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch)
            try installs(["a": "1", "b": "1"], in: scratch)
            _ = try await store.ensureRoot(recipe)
            let first = try #require(try store.versions(of: recipe).last)
            #expect(first.digest == recipe.digest)
            // The same again is nothing new, and nothing of it is kept.
            let same = try await store.updateRoot(recipe)
            #expect(same.version == first && !same.isNew)
            #expect(try store.versions(of: recipe) == [first])
            #expect(!scratch.names(in: "images/root").contains { $0.contains(".part") })

            try installs(["a": "2", "c": "1"], fixes: "a 2\nc 1\nz 9\n", in: scratch)
            let (second, isNew) = try await store.updateRoot(recipe)
            #expect(isNew && second.digest != first.digest)
            #expect(Set(try store.versions(of: recipe)) == [first, second])
            #expect(store.has(.root, digest: first.digest) && store.has(.root, digest: second.digest))
            #expect(try await store.updateRoot(recipe).isNew == false)

            let difference = RootDifference(
                from: try store.record(ofRoot: first.digest),
                to: try store.record(ofRoot: second.digest),
            )
            #expect(
                difference.changes == [
                    .init(name: "a", from: "1", to: "2", isSecurityFix: true),
                    .init(name: "b", from: "1", to: nil, isSecurityFix: false),
                    .init(name: "c", from: nil, to: "1", isSecurityFix: false),
                ]
            )
            #expect(difference.knowsFixes)
        }
    }

    @Test func aRootFromBeforeThereWereRecordsIsKnownByWhatIsInIt() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch)
            let digest = recipe.digest
            let status = "Package: a\nStatus: install ok installed\nVersion: 7\n"
            try scratch.write(status, to: "images/root/\(digest)/var/lib/dpkg/status")
            let record = try store.record(ofRoot: digest)
            #expect(record.packages == [RootPackage(name: "a", version: "7")])
            #expect(record.recipe == digest && record.made > 0 && !record.knowsFixes)
            #expect(try store.versions(of: recipe).map(\.digest) == [digest])
        }
    }

    @Test func theRecordGoesWithItsRoot() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch)
            try installs(["a": "1"], in: scratch)
            let (version, _) = try await store.updateRoot(recipe)
            #expect(scratch.names(in: "images/root").contains("\(version.digest).json"))
            try await store.remove(.root, digest: version.digest)
            #expect(!scratch.names(in: "images/root").contains { $0.hasPrefix(version.digest) })
        }
    }

    @Test func aFailureKeepsNothing() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            var store = try store(scratch)
            store.bootstrapper = try scratch.write("#!/bin/sh\nexit 3\n", to: "bootstrap", mode: 0o755)
            await #expect(throws: ImagesError.self) { try await store.updateRoot(recipe) }
            #expect(scratch.names(in: "images/root") == [".update.lock"])
        }
    }
}
