import Basics
import Foundation
import Provisioning
import SystemPackage
import TestKit
import Testing

/// What is deleted lies in its own root, whatever the names say.
@Suite struct OwnedDirectoryTests {
    private let scratch: TemporaryDirectory
    /// What must not be touched lies beside it.
    private let owned: OwnedDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        owned = OwnedDirectory(scratch.filePath.appending("clusters").string)
        try make("clusters/base/node-1/upper/etc/hostname")
        try make("clusters/other/node-1/data")
        try make("keys/seed")
    }

    private func make(_ file: String) throws {
        let path = scratch.filePath.appending(file)
        try FileManager.default.createDirectory(
            atPath: path.removingLastComponent().string,
            withIntermediateDirectories: true,
        )
        try scratch.write("kept", to: file)
    }

    private func link(_ name: String, to target: String) throws {
        let path = scratch.filePath.appending(name).string
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    /// Every path below the scratch directory, links not followed.
    private func tree() throws -> Set<String> {
        Set(try FileManager.default.subpathsOfDirectory(atPath: scratch.path))
    }

    @Test func removesFilesTreesAndWhatIsNotThere() throws {
        try owned.remove(["base", "node-1", "upper", "etc", "hostname"])
        try owned.remove(["base"])
        try owned.remove(["base"])
        try owned.remove(["nothing", "of", "this"])
        try OwnedDirectory(scratch.filePath.appending("missing").string).remove(["base"])
        let left: Set<String> = [
            "clusters", "clusters/other", "clusters/other/node-1", "clusters/other/node-1/data", "keys", "keys/seed",
        ]
        #expect(try tree() == left)
    }

    @Test(arguments: [
        [], [""], ["."], [".."], ["..", "keys"], ["base", ".."], ["base", "..", "..", "keys"], ["../keys"], ["/"],
        ["/etc"], ["base/node-1"], ["base", ""], ["base", "."], ["base\u{0}"], ["\u{0}"],
    ])
    func refusesWhatIsNoName(names: [String]) throws {
        let before = try tree()
        #expect(throws: OwnedDirectory.RemovalError.self) { try owned.remove(names) }
        #expect(try tree() == before)
    }

    @Test func aLinkIsRemovedAndNotFollowed() throws {
        try link("clusters/linked", to: "../keys")
        try link("clusters/base/node-1/upper/out", to: scratch.filePath.appending("keys").string)
        try link("clusters/base/node-1/upper/seed", to: "../../../../keys/seed")
        try owned.remove(["linked"])
        try owned.remove(["base"])
        #expect(try tree().isSuperset(of: ["keys", "keys/seed", "clusters/other/node-1/data"]))
        #expect(try !tree().contains("clusters/linked"))
        #expect(try !tree().contains("clusters/base"))
    }

    @Test func aLinkOnTheWayIsRefused() throws {
        try link("clusters/linked", to: "../keys")
        let error = #expect(throws: OwnedDirectory.RemovalError.self) { try owned.remove(["linked", "seed"]) }
        #expect(
            error?.description.contains("clusters/linked: it is not a directory, and a link is not followed") == true
        )
        #expect(try tree().contains("keys/seed"))
    }

    @Test func namesNeedNotBeText() throws {
        let directory = scratch.filePath.appending("clusters/base/node-1").string
        let name: [CChar] = Array(directory.utf8CString.dropLast()) + [0x2F, -1, -2, 0]
        let descriptor = open(name, O_CREAT | O_WRONLY, 0o600)
        try #require(descriptor >= 0)
        close(descriptor)
        try owned.remove(["base"])
        #expect(try !tree().contains("clusters/base"))
    }

    /// Odd names by themselves and as parts of paths, in any order: nothing outside changes, and what is refused
    /// changes nothing inside.
    @Test(arguments: 0..<20)
    func nothingOutsideIsReached(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let parts = [
            "base", "node-1", "..", ".", "", "/", "keys", "seed", "//", "../", "upper", "\u{0}", "a b", "%", "~", "*",
            "é", "\u{202E}", "..\u{0}", "-rf", "clusters", "linked", "\n", String(repeating: "x", count: 300),
        ]
        try link("clusters/linked", to: "..")
        for _ in 0..<100 {
            let count = Int.random(in: 0...4, using: &generator)
            let names = (0..<count).map { _ in
                let length = Int.random(in: 1...2, using: &generator)
                return (0..<length).map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
            }
            let before = try tree()
            do {
                try owned.remove(names)
                #expect(!names.isEmpty && names.allSatisfy(OwnedDirectory.isComponent), "\(names)")
            } catch {
                #expect(try tree() == before, "\(names) was refused, and something is gone")
            }
            #expect(try tree().isSuperset(of: ["clusters", "clusters/other/node-1/data", "keys/seed"]), "\(names)")
        }
    }
}
