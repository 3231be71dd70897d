import Basics
import FoundationEssentials
import Glibc
import TestKit
import Testing

@testable import Images

@Suite struct ImageStoreTests {
    private let recipe = RootRecipe(suite: "test", packages: ["b", "a"], excluded: [], customization: "exit 0\n")

    /// A store whose mmdebstrap is a script; `target` in it is the directory to fill.
    private func store(_ scratch: TemporaryDirectory, script: String) throws -> ImageStore {
        let text = "#!/bin/sh\nwhile [ $# -gt 0 ] && [ \"$1\" != test ]; do shift; done\ntarget=$2\n\(script)\n"
        var store = ImageStore(home: scratch.path)
        store.bootstrapper = try scratch.write(text, to: "bootstrap", mode: 0o755)
        return store
    }

    @Test func buildsARootOnceForTwoWhoWantIt() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(
                scratch,
                script: "echo run >>\(scratch.path)/runs; mkdir $target; sleep 0.2; echo x >$target/file",
            )
            async let first = store.ensureRoot(recipe)
            async let second = store.ensureRoot(recipe)
            let digests = try await [first, second]
            #expect(digests == [recipe.digest, recipe.digest])
            #expect(try scratch.text("runs") == "run\n")
            #expect(try scratch.text("images/root/\(recipe.digest)/file") == "x\n")
            let names = [".\(recipe.digest).lock", recipe.digest, "\(recipe.digest).json"]
            #expect(scratch.names(in: "images/root") == names)
        }
    }

    /// Root makes a user's first image; the layers of later node programs that user makes.
    @Test func directoriesInAUsersHomeAreTheUsers() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            try #require(chown(scratch.path, 1234, 1234) == 0, "only root can give files away")
            _ = try await store(scratch, script: "mkdir $target").ensureRoot(recipe)
            for path in ["images", "images/root"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/\(path)")
                #expect(attributes[.ownerAccountID] as? Int == 1234, "\(path)")
            }
            let failure = SystemFailure("open /h/images/layer/.a.lock", number: EACCES)
            let advice = FileLock.advice(on: failure, at: "/h/images/layer/.a.lock", user: 1234)
            #expect(advice.contains("sudo chown 1234 /h/images/layer)"))
        }
    }

    @Test func tellsItsSteps() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch, script: "mkdir $target; echo 'I: extracting archives...' >&2; echo done >&2")
            let events = Events()
            _ = try await store.ensureRoot(recipe) { events.append($0) }
            #expect(events.all.contains(.step("extracting archives")))
            guard case .built(.root, recipe.digest, _) = events.all.last else {
                Issue.record("the last event is \(String(describing: events.all.last))")
                return
            }
        }
    }

    @Test func leavesNothingWhenItFails() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch, script: "mkdir $target; echo 'E: no such mirror' >&2; exit 3")
            let error = await #expect(throws: ImagesError.self) { try await store.ensureRoot(recipe) }
            let message = try #require(error).message
            #expect(message.contains("E: no such mirror"))
            #expect(scratch.names(in: "images/root") == [".\(recipe.digest).lock"])
        }
    }

    @Test func saysWhatToInstall() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            var store = ImageStore(home: scratch.path)
            store.bootstrapper = "slipway-has-no-such-program"
            let error = await #expect(throws: ImagesError.self) { try await store.ensureRoot(recipe) }
            let message = try #require(error).message
            #expect(message.contains("apt-get install mmdebstrap"))
        }
    }

    @Test func clearsWhatAKilledBuildLeft() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch, script: "mkdir $target")
            try scratch.write("", to: "images/root/.\(recipe.digest).999999999.part/half")
            _ = try await store.ensureRoot(recipe)
            let names = [".\(recipe.digest).lock", recipe.digest, "\(recipe.digest).json"]
            #expect(scratch.names(in: "images/root") == names)
        }
    }

    @Test func listsFindsRemovesAndPrunes() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = try store(scratch, script: "mkdir $target; echo x >$target/file")
            var other = recipe
            other.packages.append("c")
            let kept = try await store.ensureRoot(recipe)
            let doomed = try await store.ensureRoot(other)
            #expect(try await Set(store.list().map(\.digest)) == [kept, doomed])
            #expect(try await store.list().allSatisfy { $0.size > 0 && $0.modified > 0 })
            #expect(try store.find(prefix: String(kept.prefix(12))).digest == kept)
            #expect(throws: ImagesError.self) { try store.find(prefix: "zz") }
            #expect(try await store.prune(keeping: [kept]).map(\.digest) == [doomed])
            try await store.remove(.root, digest: kept)
            #expect(try await store.list().isEmpty)
            await #expect(throws: ImagesError.self) { try await store.remove(.root, digest: kept) }
        }
    }

    @Test func aRecipeIsNamedByEverythingThatDecidesTheRoot() {
        var reordered = recipe
        reordered.packages.reverse()
        #expect(reordered.digest == recipe.digest)
        var changes = [recipe, recipe, recipe, recipe]
        changes[0].suite = "other"
        changes[1].packages.append("z")
        changes[2].excluded.append("/x")
        changes[3].customization += "true\n"
        #expect(Set(changes.map(\.digest) + [recipe.digest]).count == 5)
    }
}
