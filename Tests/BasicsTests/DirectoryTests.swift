import Basics
import Foundation
import TestKit
import Testing

/// Whose a directory is that was just made. Only root, as whom Scripts/test runs, can make one that is another's.
@Suite struct DirectoryTests {
    private func owner(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int)
    }

    @Test func whatRootMakesForAUserIsTheUsers() throws {
        try TemporaryDirectory.withPath { home in
            try #require(chown(home, 1234, 1235) == 0, "only root can give files away")
            #expect(try Directories.make("\(home)/images/layer", mode: 0o700))
            #expect(try owner("\(home)/images") == 1234)
            #expect(try owner("\(home)/images/layer") == 1234)
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(home)/images/layer")
            #expect(attributes[.groupOwnerAccountID] as? Int == 1235 && attributes[.posixPermissions] as? Int == 0o700)
            #expect(try !Directories.make("\(home)/images/layer"))
        }
    }

    @Test func whatRootLeftIsGivenToo() throws {
        try TemporaryDirectory.withPath { home in
            try FileManager.default.createDirectory(atPath: "\(home)/images", withIntermediateDirectories: false)
            try #require(chown(home, 1234, 1234) == 0, "only root can give files away")
            #expect(try !Directories.make("\(home)/images"))
            #expect(try owner("\(home)/images") == 1234)
        }
    }

    @Test func othersKeepTheirs() throws {
        try TemporaryDirectory.withPath { home in
            #expect(try Directories.make("\(home)/a/b/"))
            #expect(try owner("\(home)/a/b") == 0)
            try #require(
                chown("\(home)/a/b", 99, 99) == 0 && chown("\(home)/a", 1234, 1234) == 0,
                "only root can give files away"
            )
            try Directories.make("\(home)/a/b")
            #expect(try owner("\(home)/a/b") == 99)
            // What a link leads to was chosen by somebody.
            try FileManager.default.createDirectory(atPath: "\(home)/disk", withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(atPath: "\(home)/a/link", withDestinationPath: "\(home)/disk")
            try Directories.make("\(home)/a/link")
            #expect(try owner("\(home)/disk") == 0)
        }
    }

    @Test func whatCannotBeADirectoryIsSaid() throws {
        try TemporaryDirectory.withPath { home in
            try Data().write(to: URL(filePath: "\(home)/file"))
            #expect(throws: SystemFailure.self) { try Directories.make("\(home)/file/images") }
        }
    }
}
