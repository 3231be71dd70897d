import Basics
import Foundation
import TestKit
import Testing

@Suite struct FileStatusTests {
    @Test func isThatOfTheFileThatALinkLeadsTo() throws {
        let temporary = try TemporaryDirectory()
        let directory = temporary.path
        let (file, link) = ("\(directory)/file", "\(directory)/link")
        let error = #expect(throws: SystemFailure.self) { try FileStatus(of: file) }
        #expect(error?.description == "examine \(file): No such file or directory")
        #expect(FileManager.default.createFile(atPath: file, contents: Data("four".utf8)))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        let status = try FileStatus(of: link)
        #expect(status.size == 4)
        #expect(status.permissions == 0o640)
    }
}
