import Foundation
import TestKit
import Testing

@testable import Cgroups

@Suite("libvirt's limits for a node")
struct CgroupLimitsTests {
    @Test(
        "only what a new cgroup does not have anyhow is written, one setting at a time",
        arguments: [
            ("memory.max", "1073741824\n", ["1073741824"]),
            ("memory.max", "max\n", []),
            ("pids.max", "100\n", ["100"]),
            ("cpu.max", "50000 100000\n", ["50000 100000"]),
            ("cpu.max", "max 100000\n", []),
            ("cpu.weight", "100\n", []),
            ("cpu.weight", "20\n", ["20"]),
            ("cpuset.cpus", "\n", []),
            ("cpuset.cpus", "0-3\n", ["0-3"]),
            ("io.weight", "default 100\n8:16 200\n", ["8:16 200"]),
            ("memory.high", "", []),
        ],
    )
    func settings(file: String, text: String, wanted: [String]) {
        #expect(CgroupLimits.settings(file, text: text) == wanted)
    }

    @Test("limits are copied into files that the node's cgroup has")
    func copies() throws {
        try withDirectories(["leaf", "node"]) { root in
            try write("134217728\n", to: "\(root)/leaf/memory.max")
            try write("300\n", to: "\(root)/leaf/cpu.weight")
            try write("max\n", to: "\(root)/node/memory.max")
            try CgroupLimits.copy(from: "\(root)/leaf", to: "\(root)/node")
            #expect(KernelFile.contents(of: "\(root)/node/memory.max").hasPrefix("134217728"))
            #expect(!FileManager.default.fileExists(atPath: "\(root)/node/cpu.weight"))
        }
    }

    @Test("limits that are set and lifted while a node runs are followed")
    func follows() throws {
        try withDirectories(["scope", "scope/libvirt", "scope/slipway-x", "elsewhere", "elsewhere/slipway-y"]) { root in
            for (memory, processor) in [("134217728\n", "20000 100000\n"), ("max\n", "max 100000\n")] {
                try write(memory, to: "\(root)/scope/libvirt/memory.max")
                try write(processor, to: "\(root)/scope/libvirt/cpu.max")
                for file in ["memory.max", "cpu.max"] { try write("", to: "\(root)/scope/slipway-x/\(file)") }
                #expect(try CgroupLimits.follow(named: "slipway-x", below: root))
                #expect(KernelFile.contents(of: "\(root)/scope/slipway-x/memory.max") + "\n" == memory)
                #expect(KernelFile.contents(of: "\(root)/scope/slipway-x/cpu.max") + "\n" == processor)
            }
            // Elsewhere the node's cgroup lies below the one that libvirt limits.
            #expect(try !CgroupLimits.follow(named: "slipway-y", below: root))
            #expect(try !CgroupLimits.follow(named: "slipway-z", below: root))
        }
    }

    @Test("controllers are enabled where they are there and not enabled yet")
    func enables() throws {
        try withDirectories(["scope"]) { root in
            try write("cpuset cpu memory hugetlb\n", to: "\(root)/scope/cgroup.controllers")
            try write("cpu cpuset\n", to: "\(root)/scope/cgroup.subtree_control")
            try CgroupLimits.enableControllers(in: "\(root)/scope")
            #expect(KernelFile.contents(of: "\(root)/scope/cgroup.subtree_control").hasPrefix("+memory"))
        }
    }

    @Test("a refusal of the kernel names the file")
    func refusal() throws {
        try withDirectories([]) { root in
            let failure = #expect(throws: Failure.self) {
                try KernelFile.write("1", to: "\(root)/missing")
            }
            #expect(failure?.message == "cannot open \(root)/missing: No such file or directory")
        }
    }
}

@Suite("cgroups as directories")
struct CgroupTreeTests {
    @Test("the cgroups of a name go with those in them, and no others")
    func removes() throws {
        try withDirectories(["a/slipway-1/init.scope", "a/slipway-12", "slipway-1/system.slice/x.service"]) { root in
            #expect(CgroupTree.directories(named: ["slipway-1"], below: root).count == 2)
            try CgroupTree.remove(named: ["slipway-1"], below: root)
            try CgroupTree.remove(named: ["slipway-1"], below: root)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: root).sorted() == ["a", "a/slipway-12"])
        }
    }

    @Test("v2 is told from what is mounted, not from the kernel")
    func hierarchy() {
        #expect(!CgroupHierarchy.isMounted(at: "/"))
        #expect(!CgroupHierarchy.isMounted(at: "/nowhere"))
    }
}

private func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path))
}

/// Calls `body` with a directory that holds some others, and removes it.
private func withDirectories(_ names: [String], _ body: (String) throws -> Void) throws {
    try TemporaryDirectory.withPath { root in
        for name in names {
            try FileManager.default.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        }
        try body(root)
    }
}
