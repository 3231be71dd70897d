import Foundation
import Glibc
import Provisioning
import TestKit
import Testing

@testable import LibvirtProvider

/// Copies of directories, with all that an overlay and Docker keep in them.
@Suite struct TreeCopyTests {
    private let copy = TreeCopy(isCancelled: { false })

    private func with(_ body: (_ source: String, _ target: String) throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/a", withIntermediateDirectories: false)
            try body("\(directory)/a", "\(directory)/b")
        }
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func status(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> stat {
        var status = stat()
        try #require(lstat(path, &status) == 0, "\(path)", sourceLocation: sourceLocation)
        return status
    }

    private func attribute(_ name: String, of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = lgetxattr(path, name, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    @Test func filesKeepContentModeTimesAndAttributes() async throws {
        try await with { source, target in
            try FileManager.default.createDirectory(atPath: "\(source)/deep/er", withIntermediateDirectories: true)
            try write("text", to: "\(source)/deep/er/file")
            try #require(chmod("\(source)/deep/er/file", 0o4750) == 0)
            try #require(chmod("\(source)/deep", 0o1777) == 0)
            let times = [timespec(tv_sec: 1_000, tv_nsec: 5), timespec(tv_sec: 2_000, tv_nsec: 7)]
            for path in ["deep/er/file", "deep/er"] {
                try #require(utimensat(AT_FDCWD, "\(source)/\(path)", times, 0) == 0)
            }
            let value = "y"
            try #require(lsetxattr("\(source)/deep", "user.test", value, value.utf8.count, 0) == 0)
            let sizes = try copy.copy(source, to: target)
            #expect(try String(contentsOfFile: "\(target)/deep/er/file", encoding: .utf8) == "text")
            #expect(try status("\(target)/deep/er/file").st_mode & 0o7777 == 0o4750)
            #expect(try status("\(target)/deep").st_mode & 0o7777 == 0o1777)
            for path in ["deep/er/file", "deep/er"] {
                let copied = try status("\(target)/\(path)").st_mtim
                #expect(copied.tv_sec == 2_000 && copied.tv_nsec == 7, "\(path)")
            }
            #expect(attribute("user.test", of: "\(target)/deep") == "y")
            #expect(sizes.bytes >= 4)
            // What is written to the copy is not written to the other, shared or not.
            try write("other", to: "\(target)/deep/er/file")
            #expect(try String(contentsOfFile: "\(source)/deep/er/file", encoding: .utf8) == "text")
        }
    }

    /// What an overlay marks for itself only root can write, as which all tests run.
    @Test func whatAnOverlayKeepsForItselfIsCopied() async throws {
        try await with { source, target in
            try FileManager.default.createDirectory(atPath: "\(source)/opaque", withIntermediateDirectories: false)
            try #require(lsetxattr("\(source)/opaque", "trusted.overlay.opaque", "y", 1, 0) == 0)
            try #require(mknod("\(source)/removed", S_IFCHR, 0) == 0)
            try write("x", to: "\(source)/owned")
            try #require(chown("\(source)/owned", 1234, 5678) == 0)
            try #require(symlink("nowhere", "\(source)/link") == 0)
            try #require(lchown("\(source)/link", 1234, 5678) == 0)
            _ = try copy.copy(source, to: target)
            #expect(attribute("trusted.overlay.opaque", of: "\(target)/opaque") == "y")
            let removed = try status("\(target)/removed")
            #expect(removed.st_mode & S_IFMT == S_IFCHR && removed.st_rdev == 0)
            for name in ["owned", "link"] {
                let own = try status("\(target)/\(name)")
                #expect(own.st_uid == 1234 && own.st_gid == 5678, "\(name)")
            }
        }
    }

    @Test func linksPipesAndSocketsStayWhatTheyAre() async throws {
        try await with { source, target in
            try write("x", to: "\(source)/one")
            try FileManager.default.createDirectory(atPath: "\(source)/d", withIntermediateDirectories: false)
            try #require(link("\(source)/one", "\(source)/d/two") == 0)
            try #require(symlink("/etc/passwd", "\(source)/away") == 0)
            try #require(mkfifo("\(source)/pipe", 0o640) == 0)
            _ = try copy.copy(source, to: target)
            #expect(try status("\(target)/one").st_ino == status("\(target)/d/two").st_ino)
            #expect(try status("\(target)/one").st_ino != status("\(source)/one").st_ino)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(target)/away") == "/etc/passwd")
            #expect(try status("\(target)/pipe").st_mode == S_IFIFO | 0o640)
        }
    }

    /// etcd and the journal reserve room that they have not written to.
    @Test func holesStayHoles() async throws {
        try await with { source, target in
            let file = open("\(source)/sparse", O_RDWR | O_CREAT, 0o600)
            try #require(file >= 0)
            defer { close(file) }
            try #require(posix_fallocate(file, 0, 8 << 20) == 0)
            try #require(pwrite(file, "begin", 5, 0) == 5)
            try #require(pwrite(file, "end", 3, 4 << 20) == 3)
            try #require(ftruncate(file, 9 << 20) == 0)
            let sizes = try copy.copy(source, to: target)
            let copied = try status("\(target)/sparse")
            #expect(copied.st_size == 9 << 20)
            #expect(
                try Data(contentsOf: URL(filePath: "\(target)/sparse"))
                    == Data(contentsOf: URL(filePath: "\(source)/sparse"))
            )
            // Where the file system tells of what is reserved and not written.
            if sizes.shared == 0, lseek(file, 0, 4) < 4 << 20 { #expect(copied.st_blocks * 512 < 4 << 20) }
        }
    }

    @Test func whatIsLeftOutIsEmpty() async throws {
        try await with { source, target in
            try FileManager.default.createDirectory(atPath: "\(source)/work/work", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: "\(source)/d/work/x", withIntermediateDirectories: true)
            _ = try copy.copy(source, to: target, leavingOut: ["work"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(target)/work").isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(target)/d/work") == ["x"])
        }
    }

    @Test func aCopyThatIsNotWantedEnds() async throws {
        try await with { source, target in
            try write("x", to: "\(source)/one")
            #expect(throws: CancellationError.self) { try TreeCopy(isCancelled: { true }).copy(source, to: target) }
        }
    }

    /// Large files are copied while they are in use, and those that have changed since once more.
    @Test func whatWasCopiedEarlyIsTakenUnlessItHasChanged() async throws {
        try await with { source, target in
            let large = String(repeating: "a", count: 1 << 19)
            for name in ["same", "changed", "removed"] { try write(large, to: "\(source)/\(name)") }
            try write("small", to: "\(source)/small")
            try #require(link("\(source)/same", "\(source)/other") == 0)
            var early = copy
            early.settleTime = 0
            let pool = "\(target).pool"
            try early.copyEarly(source, to: pool)
            #expect(try FileManager.default.contentsOfDirectory(atPath: pool).count == 3)
            // A change in its middle, without another size.
            let file = open("\(source)/changed", O_WRONLY)
            try #require(pwrite(file, "b", 1, 1 << 18) == 1)
            close(file)
            try #require(unlink("\(source)/removed") == 0)
            _ = try copy.copy(source, to: target, from: pool)
            for name in ["same", "other", "changed", "small"] {
                let (own, copied) = ("\(source)/\(name)", "\(target)/\(name)")
                #expect(
                    try Data(contentsOf: URL(filePath: own)) == Data(contentsOf: URL(filePath: copied)),
                    "\(name)"
                )
                #expect(try status(own).st_mtim.tv_nsec == status(copied).st_mtim.tv_nsec, "\(name)")
                #expect(try status(own).st_mode == status(copied).st_mode, "\(name)")
            }
            #expect(try status("\(target)/same").st_ino == status("\(target)/other").st_ino)
            #expect(!FileManager.default.fileExists(atPath: "\(target)/removed"))
            // One was taken; the two others have changed, or are gone.
            #expect(try FileManager.default.contentsOfDirectory(atPath: pool).count == 2)
        }
    }

    /// The clock of files may not tell two changes apart.
    @Test func whatHasJustChangedIsNotCopiedEarly() async throws {
        try await with { source, target in
            try write(String(repeating: "a", count: 1 << 19), to: "\(source)/new")
            try copy.copyEarly(source, to: target)
            #expect(try FileManager.default.contentsOfDirectory(atPath: target).isEmpty)
        }
    }

    @Test func nothingIsCopiedOverWhatIsThere() async throws {
        try await with { source, target in
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
            #expect(throws: ProviderError.self) { try copy.copy(source, to: target) }
            #expect(throws: ProviderError.self) { try copy.copy("\(source)/none", to: "\(target)/x") }
        }
    }
}
