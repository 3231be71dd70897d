import Foundation
import NodeBoot
import TestKit
import Testing

/// The choice of an image at a node's boot, on a directory like a node's.
@Suite struct BootChoiceTests {
    private struct Node {
        let home: String

        var directory: BootDirectory { BootDirectory("\(home)/node/boot") }
        func image(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> BootImage {
            try #require(BootImage(root: name, layer: "l"), sourceLocation: sourceLocation)
        }

        func write(_ text: String, to path: String) throws {
            let file = URL(filePath: "\(home)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }

        func text(_ path: String) -> String? { try? String(contentsOfFile: "\(home)/\(path)", encoding: .utf8) }

        /// - Returns: name of the root that was chosen, and what went wrong.
        func boot(at time: Int = 1) -> (root: String?, problems: [String]) {
            var problems: [String] = []
            let choice = BootChoice.make(node: "\(home)/node", images: "\(home)/images", at: time) {
                problems.append($0)
            }
            return (choice?.root.split(separator: "/").last.map(String.init), problems)
        }

        func tryRoot(_ root: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
            var record = try #require(directory.record, sourceLocation: sourceLocation)
            record.want(.init(try image(root), trial: .init(within: 60)), fallback: .init(try image("old")))
            try directory.write(record)
        }
    }

    private func with(_ body: (Node) throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await TemporaryDirectory.with { home in
            let node = Node(home: home)
            for root in ["old", "new"] { try node.write("etcd:x:100:\n", to: "images/root/\(root)/etc/passwd") }
            try node.write("", to: "images/layer/l/x")
            try node.write("", to: "node/boot/x")
            try node.write("", to: "node/upper/etc/hosts")
            try node.directory.write(BootRecord([.init(try node.image("old"))], filesRoot: "old"))
            #expect(node.boot().root == "old", sourceLocation: sourceLocation)
            try body(node)
        }
    }

    @Test func aTryIsUsedUpBeforeItBegins() async throws {
        try await with { node in
            try node.tryRoot("new")
            #expect(node.boot().root == "new")
            #expect(node.directory.record?.current?.trial?.tries == 0)
            #expect(FileManager.default.fileExists(atPath: node.directory.file(BootDirectory.trialName)))
            #expect(node.boot().root == "old")
            #expect(!FileManager.default.fileExists(atPath: node.directory.file(BootDirectory.trialName)))
        }
    }

    /// What belongs to a root goes and comes with it, whenever the node dies.
    @Test(arguments: [false, true])
    func itsFilesFollowItsRoot(dies: Bool) async throws {
        try await with { node in
            try node.write("tool", to: "node/upper/usr/bin/tool")
            try node.tryRoot("new")
            if dies {
                // It ended after its files were put aside.
                try FileManager.default.createDirectory(
                    atPath: "\(node.home)/node/roots/old",
                    withIntermediateDirectories: true
                )
                try FileManager.default.moveItem(
                    atPath: "\(node.home)/node/upper/usr",
                    toPath: "\(node.home)/node/roots/old/usr"
                )
                var record = try #require(node.directory.record)
                _ = record.boot(at: 1)
                try node.directory.write(record)
            } else {
                #expect(node.boot().root == "new")
                #expect(node.text("node/upper/usr/bin/tool") == nil)
                #expect(node.directory.record?.filesRoot == "new")
            }
            #expect(node.boot().root == "old")
            #expect(node.text("node/upper/usr/bin/tool") == "tool")
            #expect(node.directory.record?.filesRoot == "old")
        }
    }

    @Test func aRootThatIsGoneIsGivenUpAtOnce() async throws {
        try await with { node in
            try node.tryRoot("gone")
            let (root, problems) = node.boot(at: 9)
            #expect(root == "old")
            #expect(problems.first?.contains("cannot boot root gone: find ") == true)
            #expect(node.directory.record?.retreat?.image.root == "gone")
            #expect(node.directory.record?.retreat?.reason.hasSuffix("No such file or directory") == true)
        }
    }

    @Test func aRootWithOtherNumbersIsGivenUp() async throws {
        try await with { node in
            try node.write("etcd:x:99:\n", to: "images/root/new/etc/passwd")
            try node.tryRoot("new")
            #expect(node.boot().root == "old")
            let reason = try #require(node.directory.record?.retreat?.reason)
            #expect(reason.contains("'etcd' has number 100, and there 99"))
        }
    }

    @Test func whatIsStagedIsTakenInOnce() async throws {
        try await with { node in
            try node.directory.stage(.init(try node.image("new"), trial: .init(within: 60), config: "c"))
            #expect(node.directory.staged?.config == "c")
            #expect(node.boot().root == "new")
            #expect(node.directory.staged == nil)
            #expect(node.boot().root == "old")
        }
    }

    /// Without a record, and without the image that it names, the domain's own has to do.
    @Test func withoutARecordThereIsNoChoice() async throws {
        try await with { node in
            try FileManager.default.removeItem(atPath: "\(node.home)/images/root/old")
            #expect(node.boot().root == nil)
            try node.write("image ../x y\n", to: "node/boot/state")
            #expect(node.boot().root == nil)
            try FileManager.default.removeItem(atPath: "\(node.home)/node/boot/state")
            #expect(node.boot() == (nil, []))
        }
    }

    /// The node's root user may write there: what is read is a file, and no other.
    @Test func nothingButFilesIsRead() async throws {
        try await with { node in
            let state = node.directory.file(BootDirectory.recordName)
            try FileManager.default.moveItem(atPath: state, toPath: "\(node.home)/elsewhere")
            try FileManager.default.createSymbolicLink(
                atPath: state,
                withDestinationPath: "\(node.home)/elsewhere"
            )
            #expect(node.directory.record == nil)
            try FileManager.default.removeItem(atPath: state)
            #expect(mkfifo(state, 0o644) == 0)
            #expect(node.directory.record == nil)
        }
    }
}
