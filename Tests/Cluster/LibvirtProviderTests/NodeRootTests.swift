import Foundation
import NodeBoot
import Planning
import Provisioning
import TestKit
import Testing

@testable import LibvirtProvider

/// A node's directory on another root than before.
@Suite struct NodeRootTests {
    private static let old = String(repeating: "a", count: 64)
    private static let new = String(repeating: "c", count: 64)

    private struct Host {
        let storage: NodeStorage
        let home: String
        let node = Samples.node()

        var upper: String { "\(storage.directory(of: NodeReference(node)))/upper" }

        func image(_ root: String) -> NodeImagePaths {
            NodeImagePaths(root: "\(home)/images/root/\(root)", layer: "/layer")
        }

        func node(on root: String) -> NodePlan {
            var node = node
            node.image.root = root
            return node
        }

        func write(_ text: String, to path: String) throws {
            try FileManager.default.createDirectory(
                atPath: URL(filePath: path).deletingLastPathComponent().path,
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: URL(filePath: path))
        }

        func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

        /// Gives the node a root, and boots it as its init does.
        func run(on root: String) throws {
            try storage.create(node(on: root), image: image(root))
            try boot()
        }

        @discardableResult
        func boot() throws -> BootChoice {
            let directory = storage.directory(of: NodeReference(node))
            var problems: [String] = []
            let choice = BootChoice.make(node: directory, images: "\(home)/images", at: 1_700_000_000) {
                problems.append($0)
            }
            return try #require(choice, "\(problems)")
        }
    }

    private func with(_ body: (Host) throws -> Void) async throws {
        try await TemporaryDirectory.with { home in
            let host = Host(storage: NodeStorage(home: home), home: home)
            let layer = "\(home)/images/layer/\(host.node.image.layer)"
            try FileManager.default.createDirectory(atPath: layer, withIntermediateDirectories: true)
            for root in [Self.old, Self.new] {
                try host.write("root:x:0:0:\netcd:x:100:101:\n", to: "\(host.image(root).root)/etc/passwd")
                try host.write("root:x:0:\netcd:x:101:\n", to: "\(host.image(root).root)/etc/group")
            }
            try host.run(on: Self.old)
            try body(host)
        }
    }

    @Test func whatTheNodeHoldsStays() async throws {
        try await with { host in
            let kept = [
                "etc/hosts", "var/lib/etcd2/member/snap/db", "var/log/journal/x", "usr/local/bin/tool", "home/core/a",
            ]
            for path in kept { try host.write(path, to: "\(host.upper)/\(path)") }
            try host.run(on: Self.new)
            for path in kept { #expect(host.text("\(host.upper)/\(path)") == path) }
            let record = try host.storage.content(of: NodeReference(host.node))?.record
            #expect(record?.image.root == Self.new)
        }
    }

    /// What its package manager installed is of one root, and would hide another's programs.
    @Test func whatWasInstalledGoesAndComesBackWithItsRoot() async throws {
        try await with { host in
            let installed = ["usr/bin/tool", "usr/lib/x/libx.so", "var/lib/dpkg/status", "etc/ld.so.cache"]
            for path in installed { try host.write(path, to: "\(host.upper)/\(path)") }
            for _ in 0..<2 {
                try host.run(on: Self.new)
                for path in installed { #expect(host.text("\(host.upper)/\(path)") == nil, "\(path)") }
            }
            try host.write("newer", to: "\(host.upper)/usr/bin/tool")
            try host.run(on: Self.old)
            for path in installed { #expect(host.text("\(host.upper)/\(path)") == path) }
            try host.run(on: Self.new)
            #expect(host.text("\(host.upper)/usr/bin/tool") == "newer")
            #expect(host.text("\(host.upper)/var/lib/dpkg/status") == nil)
        }
    }

    @Test func aNodeThatHasAccountsOfItsOwnGetsThoseOfTheRoot() async throws {
        try await with { host in
            let own = "root:x:0:0:\netcd:x:100:101:\nalice:x:1000:1000:"
            try host.write(own, to: "\(host.upper)/etc/passwd")
            try host.write(
                "root:x:0:0:\netcd:x:100:101:\nchrony:x:102:103:\n",
                to: "\(host.image(Self.new).root)/etc/passwd"
            )
            try host.storage.checkRoot(of: host.node(on: Self.new), image: host.image(Self.new))
            try host.run(on: Self.new)
            #expect(host.text("\(host.upper)/etc/passwd") == own + "\nchrony:x:102:103:\n")
            #expect(host.text("\(host.upper)/etc/group") == nil)
        }
    }

    @Test(arguments: [
        ("root:x:0:0:\netcd:x:99:101:\n", nil, "'etcd' has number 100, and there 99"),
        ("root:x:0:0:\nchrony:x:100:1:\n", nil, "number 100 is 'etcd', and there 'chrony'"),
        (
            "root:x:0:0:\nchrony:x:1000:1:\n", "root:x:0:0:\nalice:x:1000:1:\n",
            "number 1000 is 'alice', and there 'chrony'"
        ),
    ])
    func aRootWithOtherNumbersIsRefused(new: String, own: String?, problem: String) async throws {
        try await with { host in
            try host.write(new, to: "\(host.image(Self.new).root)/etc/passwd")
            if let own { try host.write(own, to: "\(host.upper)/etc/passwd") }
            let error = #expect(throws: ProviderError.self) {
                try host.storage.checkRoot(of: host.node(on: Self.new), image: host.image(Self.new))
            }
            #expect(error?.message.hasSuffix("in its /etc/passwd \(problem)") == true, "\(error?.message ?? "")")
            // The root that it has is no other.
            try host.storage.checkRoot(of: host.node(on: Self.old), image: host.image(Self.old))
        }
    }

    /// A link that a node made is not followed to the host's own files.
    @Test func linksOfTheNodeLeadNowhere() async throws {
        try await with { host in
            let other = "\(host.home)/other"
            for path in ["bin/sh", "passwd", "dpkg/status"] { try host.write(path, to: "\(other)/\(path)") }
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: "\(host.upper)/usr", withDestinationPath: other)
            try manager.createSymbolicLink(atPath: "\(host.upper)/etc/passwd", withDestinationPath: "\(other)/passwd")
            try manager.createDirectory(atPath: "\(host.upper)/var", withIntermediateDirectories: true)
            try manager.createSymbolicLink(atPath: "\(host.upper)/var/lib", withDestinationPath: other)
            try host.run(on: Self.new)
            for path in ["bin/sh", "passwd", "dpkg/status"] { #expect(host.text("\(other)/\(path)") == path) }
        }
    }
}
