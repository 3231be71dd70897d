import Foundation
import Provisioning
import TestKit
import Testing

@testable import LibvirtProvider

/// The disk that a node's files lie on, by a host's files.
struct BlockDeviceTests {
    /// Makes a directory as `/sys` has it: a disk and a partition of it.
    private func withSysfs(_ numbers: [String: String], _ body: (String) throws -> Void) async throws {
        try await TemporaryDirectory.with { root in
            let disk = "\(root)/devices/sda"
            let files = FileManager.default
            try files.createDirectory(atPath: "\(disk)/sda2", withIntermediateDirectories: true)
            try files.createDirectory(atPath: "\(root)/dev/block", withIntermediateDirectories: true)
            try Data("MAJOR=8\nMINOR=0\nDEVNAME=sda\nDEVTYPE=disk\n".utf8).write(to: URL(filePath: "\(disk)/uevent"))
            try Data("MAJOR=8\nMINOR=2\nDEVNAME=sda2\n".utf8).write(to: URL(filePath: "\(disk)/sda2/uevent"))
            try Data("2\n".utf8).write(to: URL(filePath: "\(disk)/sda2/partition"))
            for (number, place) in numbers {
                try files.createSymbolicLink(
                    atPath: "\(root)/dev/block/\(number)",
                    withDestinationPath: "\(root)/\(place)"
                )
            }
            try body(root)
        }
    }

    private func number(of path: String) throws -> String {
        let ran = try #require(try FileManager.default.attributesOfItem(atPath: path)[.systemNumber] as? NSNumber)
        let device = ran.uint64Value
        return "\(device >> 8 & 0xfff):\((device & 0xff) | (device >> 12 & ~0xff))"
    }

    @Test("a disk is found by the number of a file's device, that of a partition too")
    func found() async throws {
        let own = try number(of: NSTemporaryDirectory())
        for place in ["devices/sda", "devices/sda/sda2"] {
            try await withSysfs([own: place]) { root in
                let device = try BlockDevice.holding(NSTemporaryDirectory(), sysfs: root)
                #expect(device?.number == "8:0" && device?.path == "/dev/sda")
            }
        }
    }

    @Test("what lies on no disk is said with its file system, and what is not there has none")
    func none() async throws {
        try await withSysfs([:]) { root in
            let mounts = """
                22 1 0:30 / / rw - tmpfs root rw
                23 22 0:31 /x \(NSTemporaryDirectory()) rw shared:1 - zfs pool/tank rw

                """
            let error = #expect(throws: ProviderError.self) {
                try BlockDevice.holding("\(NSTemporaryDirectory())", mounts: mounts, sysfs: root)
            }
            #expect(error?.code == .unsupported && error?.message.contains("(zfs)") == true, "\(error as Any)")
            let none = try BlockDevice.holding("/nonexistent/x", mounts: mounts, sysfs: root)
            #expect(none == nil)
        }
    }
}
