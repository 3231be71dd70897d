import Cgroups
import Foundation
import TestKit
import Testing

/// Cgroups that stand still, on files as the kernel has them.
@Suite struct CgroupFreezeTests {
    private func with(events: String, _ body: (_ root: String, _ directory: String) throws -> Void) async throws {
        try await TemporaryDirectory.with { root in
            let directory = "\(root)/machine.slice/slipway-x"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for (name, text) in [("cgroup.freeze", "0"), ("cgroup.events", events)] {
                try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
            }
            try body(root, directory)
        }
    }

    private func setting(_ directory: String) throws -> String {
        try String(contentsOfFile: "\(directory)/cgroup.freeze", encoding: .utf8)
    }

    @Test func itIsFrozenAndRunsOn() async throws {
        try await with(events: "populated 1\nfrozen 1\n") { root, directory in
            #expect(try CgroupTree.freeze(named: "slipway-x", below: root))
            #expect(try setting(directory) == "1")
            try CgroupTree.thaw(named: "slipway-x", below: root)
            #expect(try setting(directory) == "0")
        }
    }

    @Test func whatIsNotThereIsNotFrozen() async throws {
        try await with(events: "frozen 1\n") { root, directory in
            #expect(try !CgroupTree.freeze(named: "slipway-y", below: root))
            try CgroupTree.thaw(named: "slipway-y", below: root)
            #expect(try setting(directory) == "0")
        }
    }

    @Test func itsDiskIsBoundedAndFreed() async throws {
        try await with(events: "") { root, directory in
            func bound(_ bytes: UInt64?, _ operations: UInt32?) throws -> Bool {
                try CgroupTree.limitDisk(
                    "254:0",
                    bytesPerSecond: bytes,
                    operationsPerSecond: operations,
                    named: "slipway-x",
                    below: root,
                )
            }
            // A kernel without the controller has no such file.
            #expect(throws: Failure.self) { try bound(1, 1) }
            let file = URL(filePath: "\(directory)/io.max")
            for (setting, words) in [
                ((4096, 50), "4096 wbps=4096 riops=50 wiops=50"), ((nil, nil), "max wbps=max riops=max wiops=max"),
            ] as [((UInt64?, UInt32?), String)] {
                try Data().write(to: file)
                #expect(try bound(setting.0, setting.1))
                #expect(try String(contentsOf: file, encoding: .utf8) == "254:0 rbps=\(words)")
            }
        }
    }

    @Test func whatGoesOnRunningIsAnError() async throws {
        try await with(events: "populated 1\nfrozen 0\n") { root, directory in
            let error = #expect(throws: Failure.self) {
                try CgroupTree.freeze(named: "slipway-x", below: root, within: 50)
            }
            #expect(error?.message == "\(directory) is not frozen after 50 ms")
        }
    }

    @Test func theKernelSaysWhenNothingRuns() {
        #expect(CgroupTree.isFrozen("populated 1\nfrozen 1\n"))
        #expect(!CgroupTree.isFrozen("populated 1\nfrozen 0\n"))
        #expect(!CgroupTree.isFrozen(""))
    }
}
