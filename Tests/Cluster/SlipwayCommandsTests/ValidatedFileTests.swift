import FoundationEssentials
import TestKit
import Testing

@testable import SlipwayCommands
@testable import Workspace

/// What `slipway validate` takes for which kind of file.
@Suite struct ValidatedFileTests {
    /// "#cloud-config\nhostname: x\n", packed.
    private static let packed: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x53, 0x4E, 0xCE, 0xC9, 0x2F, 0x4D, 0xD1, 0x4D,
        0xCE, 0xCF, 0x4B, 0xCB, 0x4C, 0xE7, 0xCA, 0xC8, 0x2F, 0x2E, 0xC9, 0x4B, 0xCC, 0x4D, 0xB5, 0x52, 0xA8, 0xE0,
        0x02, 0x00, 0x49, 0x75, 0xB3, 0x15, 0x1A, 0x00, 0x00, 0x00,
    ]

    private func with(_ files: [String: [UInt8]], _ body: (_ directory: String) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let git = directory.path(of: "sub/.git")
        try FileManager.default.createDirectory(atPath: git, withIntermediateDirectories: true)
        for (name, bytes) in files { try directory.write(bytes, to: name) }
        try body(directory.path)
    }

    @Test func packedUserDataIsUnpacked() throws {
        try with(["a.gz": Self.packed, "b.gz": Array(Self.packed.dropLast(9))]) { directory in
            let file = try ValidatedFile(path: "\(directory)/a.gz", isCloudConfig: false)
            guard case .cloudConfig(let bytes) = file else {
                Issue.record("\(file)")
                return
            }
            #expect(String(decoding: bytes, as: UTF8.self) == "#cloud-config\nhostname: x\n")
            #expect(throws: UserError.self) { try ValidatedFile(path: "\(directory)/b.gz", isCloudConfig: false) }
        }
    }

    /// CoreOS's other kind of user-data.
    @Test func aScriptIsUserData() throws {
        try with(["boot.sh": Array("#!/bin/bash\nhostname: x\n".utf8)]) { directory in
            guard case .script = try ValidatedFile(path: "\(directory)/boot.sh", isCloudConfig: false) else {
                Issue.record("it is taken for something else")
                return
            }
        }
    }

    /// YAML would say something of the first line that helps nobody.
    @Test(arguments: ["eth.network", "br.netdev", "a.link"]) func networkdsFilesAreNoTopologies(name: String) throws {
        try with([name: Array("[Match]\nName=eth0\n".utf8)]) { directory in
            let path = "\(directory)/\(name)"
            let error = #expect(throws: UserError.self) { try ValidatedFile(path: path, isCloudConfig: false) }
            #expect(error?.description.hasPrefix("\(path) is a file of systemd-networkd") == true)
        }
    }

    @Test func aDirectoryStandsForWhatIsInIt() throws {
        let files: [String: [UInt8]] = [
            "a.yaml": [], "notes.txt": Array("hello".utf8), "sub/user-data": Array("#cloud-config\n".utf8),
            "sub/x.service": [], "sub/.git/y.yaml": [], "sub/p.gz": Self.packed,
        ]
        try with(files) { directory in
            let names = ["a.yaml", "sub/p.gz", "sub/user-data", "sub/x.service"]
            let found = try ValidatedFile.paths(at: directory)
            #expect(found == names.map { "\(directory)/\($0)" })
            let alone = try ValidatedFile.paths(at: "\(directory)/notes.txt")
            #expect(alone == ["\(directory)/notes.txt"])
        }
    }
}
