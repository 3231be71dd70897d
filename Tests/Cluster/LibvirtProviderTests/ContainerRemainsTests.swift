import Foundation
import Provisioning
import TestKit
import Testing

@testable import LibvirtProvider

@Suite struct ContainerRemainsTests {
    private func make(_ directory: String, _ names: [String]) throws -> ContainerRemains {
        let remains = ContainerRemains(stateDirectory: "\(directory)/run", logDirectory: "\(directory)/log")
        for path in [remains.stateDirectory, remains.logDirectory] + names.map({ "\(remains.stateDirectory)/\($0)" }) {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        return remains
    }

    @Test("a container's mount points and log go, and nothing of a container with a longer name")
    func removes() async throws {
        try await TemporaryDirectory.with { directory in
            let others = ["one.worker-11.dev", "one.worker-1.other"]
            let own = ["one.worker-1.dev", "one.worker-1.devpts", "one.worker-1.fuse"]
            let remains = try make(directory, own + others)
            try Data().write(to: URL(filePath: "\(remains.stateDirectory)/one.worker-1.sock"))
            for name in ["one.worker-1.log", "one.worker-11.log"] {
                try Data().write(to: URL(filePath: "\(remains.logDirectory)/\(name)"))
            }
            try remains.remove(domain: "one.worker-1")
            try remains.remove(domain: "one.worker-1")
            let left = try FileManager.default.contentsOfDirectory(atPath: remains.stateDirectory).sorted()
            #expect(left == others.sorted())
            #expect(try FileManager.default.contentsOfDirectory(atPath: remains.logDirectory) == ["one.worker-11.log"])
        }
    }

    @Test("a mount point that holds something stays")
    func keepsWhatIsInUse() async throws {
        try await TemporaryDirectory.with { directory in
            let remains = try make(directory, ["one.worker-1.dev/shm"])
            try remains.remove(domain: "one.worker-1")
            #expect(FileManager.default.fileExists(atPath: "\(remains.stateDirectory)/one.worker-1.dev/shm"))
        }
    }
}
