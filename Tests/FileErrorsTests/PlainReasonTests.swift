import Basics
import FileErrors
import Foundation
import TestKit
import Testing

/// No person is shown Foundation's way to describe an error.
@Suite struct PlainReasonTests {
    /// What is said of the error that `body` throws; empty where it throws none.
    private func reason(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return error.plainReason
        }
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "file")
        try body(directory.path)
    }

    @Test func pathAndReasonOfAFileAreTold() throws {
        try withDirectory { path in
            let manager = FileManager.default
            let below = "\(path)/file/below"
            let made = reason { try manager.createDirectory(atPath: below, withIntermediateDirectories: true) }
            #expect(made == "\(below): Not a directory")
            let listed = reason { _ = try manager.contentsOfDirectory(atPath: "\(path)/file") }
            #expect(listed.hasPrefix("\(path)/file: "), "\(listed)")
            let read = reason { _ = try Data(contentsOf: URL(filePath: "\(path)/none")) }
            #expect(read == "\(path)/none: No such file or directory")
            let full = reason { try Data([1]).write(to: URL(filePath: "/dev/full")) }
            #expect(full.hasSuffix("No space left on device"), "\(full)")
            let written = reason { try Data([1]).write(to: URL(filePath: below)) }
            #expect(written.contains("Not a directory"), "\(written)")
        }
    }

    /// Whatever the code and whatever is behind it.
    @Test func noneIsADump() {
        let codes: [CocoaError.Code] = [
            .fileNoSuchFile, .fileReadNoPermission, .fileWriteOutOfSpace, .fileWriteVolumeReadOnly, .fileReadUnknown,
            .fileWriteUnknown, .fileReadCorruptFile, .fileReadInapplicableStringEncoding, .fileWriteFileExists,
        ]
        for code in codes {
            for info in [[:], [NSFilePathErrorKey: "/a"], [NSUnderlyingErrorKey: POSIXError(.EROFS)]] as [[String: Any]]
            {
                let text = CocoaError(code, userInfo: info).plainReason
                #expect(!text.contains("Domain") && !text.contains("UserInfo") && !text.contains("null"), "\(text)")
                #expect(info[NSFilePathErrorKey] == nil || text.hasPrefix("/a: "), "\(text)")
                #expect(info[NSUnderlyingErrorKey] == nil || text == "Read-only file system", "\(text)")
            }
        }
    }

    @Test func othersSayWhatTheySay() {
        #expect(SystemFailure("open /x", number: ENOENT).plainReason == "open /x: No such file or directory")
        let advice = geteuid() == 0 ? "" : " (you are not root; use sudo)"
        #expect(SystemFailure("open /x", number: EACCES).plainReason == "open /x: Permission denied\(advice)")
    }
}
