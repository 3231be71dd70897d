import Basics
import Foundation
import TestKit
import Testing

@Suite struct FileTests {
    @Test func aFileIsReplacedWithItsModeAndNothingIsLeftBeside() throws {
        try withDirectory { directory in
            let path = directory + "/a"
            try AtomicFile.write("old", to: path)
            try AtomicFile.write("new", to: path, mode: 0o600)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try mode(path) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["a"])
        }
    }

    @Test func aFailureLeavesTheOldFileAndNoDraft() throws {
        try withDirectory { directory in
            let path = directory + "/a"
            try FileManager.default.createDirectory(atPath: path + "/full", withIntermediateDirectories: true)
            let failure = #expect(throws: SystemFailure.self) { try AtomicFile.write("new", to: path) }
            #expect(failure?.number == EISDIR)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["a"])
            let missing = #expect(throws: SystemFailure.self) { try AtomicFile.write("", to: directory + "/no/a") }
            #expect(missing?.number == ENOENT)
            #expect(missing?.description.contains("No such file") == true)
        }
    }

    @Test func piecesAreCheckedBeforeTheyAreAFile() throws {
        struct Refusal: Error {}
        try withDirectory { directory in
            let path = directory + "/a"
            let pieces = [Data("ne".utf8), Data("w".utf8)]
            try AtomicFile.write(pieces: pieces, to: path, mode: 0o600, replaces: false) { (draft: String) throws in
                #expect(try String(contentsOfFile: draft, encoding: .utf8) == "new")
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try mode(path) == 0o600)
            let other = [Data("other".utf8)]
            let failure = #expect(throws: SystemFailure.self) {
                try AtomicFile.write(pieces: other, to: path, replaces: false) { _ in }
            }
            #expect(failure?.number == EEXIST)
            #expect(throws: Refusal.self) {
                try AtomicFile.write(pieces: other, to: path, replaces: true) { _ in throw Refusal() }
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            try AtomicFile.write(pieces: other, to: path, replaces: true) { _ in }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "other")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["a"])
        }
    }

    @Test func aPersonsFileKeepsItsOwnerModeAndLinks() throws {
        try withDirectory { directory in
            let path = directory + "/real"
            try AtomicFile.write("old", to: path, mode: 0o640)
            try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: "real")
            if geteuid() == 0 { #expect(chown(path, 1000, 1001) == 0) }
            var before = stat()
            #expect(stat(path, &before) == 0)
            try AtomicFile.rewrite("new", at: directory + "/link")
            var after = stat()
            #expect(lstat(path, &after) == 0)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: directory + "/link") == "real")
            #expect([after.st_mode, after.st_uid, after.st_gid] == [before.st_mode, before.st_uid, before.st_gid])
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["link", "real"])
            #expect(throws: SystemFailure.self) { try AtomicFile.rewrite("new", at: "/dev/null") }
            #expect(throws: SystemFailure.self) { try AtomicFile.rewrite("new", at: directory + "/missing") }
        }
    }

    @Test func aLinkIsReplacedAndItsTargetStays() throws {
        try withDirectory { directory in
            try AtomicFile.write("target", to: directory + "/target")
            try FileManager.default.createSymbolicLink(atPath: directory + "/a", withDestinationPath: "target")
            try AtomicFile.write("new", to: directory + "/a", isDurable: false)
            #expect(try String(contentsOfFile: directory + "/target", encoding: .utf8) == "target")
            #expect(try String(contentsOfFile: directory + "/a", encoding: .utf8) == "new")
        }
    }

    @Test func anExclusiveLockKeepsOthersOutUntilItGoes() throws {
        try withDirectory { directory in
            let path = directory + "/lock"
            let other = try FileLock(path)
            do {
                let lock = try FileLock(path)
                let isHeld = try lock.take(.exclusive)
                try lock.setNote("held by a test\n")
                let isShared = try other.take(.shared)
                #expect(isHeld && !isShared)
                let note = other.note
                #expect(note == "held by a test\n")
                lock.clearNote()
            }
            let (note, isHeld) = (other.note, try other.take(.exclusive))
            #expect(note == nil && isHeld)
        }
    }

    /// A process that another thread forks meanwhile has every open file until it begins its program.
    @Test func aLockGoesThoughAChildStillHasTheFile() throws {
        try withDirectory { directory in
            let path = directory + "/lock"
            var copies: [Int32] = []
            do {
                let lock = try FileLock(path)
                #expect(try lock.take(.exclusive))
                let own = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int32($0) }
                copies = own.filter { Self.path(of: $0)?.hasSuffix(path) == true }.map { dup($0) }
            }
            defer { for copy in copies { close(copy) } }
            #expect(copies.count == 1)
            let next = try FileLock(path)
            #expect(try next.take(.exclusive))
        }
    }

    @Test func sharedLocksGoTogether() throws {
        try withDirectory { directory in
            let one = try FileLock(directory + "/lock")
            let two = try FileLock(directory + "/lock")
            let taken = [try one.take(.shared), try two.take(.shared), try one.take(.exclusive)]
            #expect(taken == [true, true, false])
        }
    }

    /// Path of an open file; nil for one that was closed meanwhile.
    private static func path(of descriptor: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }

    private func mode(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int, sourceLocation: sourceLocation)
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        try TemporaryDirectory.withPath(body)
    }
}
