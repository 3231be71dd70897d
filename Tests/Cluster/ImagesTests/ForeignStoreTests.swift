import Basics
import Crypto
import FoundationEssentials
import Synchronization
import TestKit
import Testing
import TopologyModel

@testable import Images

@Suite(.serialized) struct ForeignStoreTests {
    /// A raw disk with a partition table's mark, of 256 KiB.
    private static let disk: [UInt8] = {
        var bytes = [UInt8](repeating: 0x5A, count: 256 << 10)
        for page in 0..<64 { bytes[page << 12] = UInt8(truncatingIfNeeded: page * 31 ^ page >> 3) }
        bytes[510] = 0x55
        bytes[511] = 0xAA
        return bytes
    }()

    private static func sha256(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws
        -> ImageChecksum
    {
        try #require(ImageChecksum(.sha256, Digest.of(bytes)), sourceLocation: sourceLocation)
    }

    private static func sha512(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws
        -> ImageChecksum
    {
        try #require(ImageChecksum(.sha512, Hex.encode(SHA512.hash(data: bytes))), sourceLocation: sourceLocation)
    }

    /// What is in the store beside locks and names: images, and what downloads left.
    private func remains(_ scratch: TemporaryDirectory) -> [String] {
        scratch.names(in: "images/foreign").filter { !$0.hasSuffix(".lock") && $0 != "names" }
    }

    private func failure(_ body: () async throws -> ForeignImage, sourceLocation: SourceLocation = #_sourceLocation)
        async throws -> ImagesError
    {
        try #require(
            await #expect(throws: ImagesError.self, sourceLocation: sourceLocation) { _ = try await body() },
            sourceLocation: sourceLocation
        )
    }

    // MARK: Fetching

    @Test func fetchesOnceAndKnowsItByTheDiskItself() async throws {
        let server = RangeServer(Self.disk)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let checksum = try Self.sha512(Self.disk)
                let request = ImageRequest(name: "debian", origin: .url(url), checksum: checksum)
                let image = try await store.add(request)
                #expect(image.digest == Digest.of(Self.disk))
                #expect((image.format, image.capacity) == (.raw, UInt64(Self.disk.count)))
                #expect(FileManager.default.contents(atPath: store.disk(of: image.digest)) == Data(Self.disk))
                let again = try await store.add(ImageRequest(name: "stable", origin: .url(url), checksum: checksum))
                #expect(again.names == ["debian", "stable"])
                #expect(server.offsets == [0])
                #expect(remains(scratch) == [image.digest])
            }
        }
    }

    @Test func goesOnWhereTheConnectionBroke() async throws {
        let server = RangeServer(Self.disk)
        server.state.withLock { $0.breaksAfter = 192 << 10 }
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let checksum = try Self.sha256(Self.disk)
                let image = try await store.add(ImageRequest(name: "debian", origin: .url(url), checksum: checksum))
                #expect(image.digest == checksum.digest)
                #expect(server.offsets.count == 2)
                #expect(try #require(server.offsets.last) > 0)
            }
        }
    }

    @Test func keepsWhatCameForTheNextTry() async throws {
        let server = RangeServer(Self.disk)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let request = ImageRequest(name: "debian", origin: .url(url), checksum: try Self.sha256(Self.disk))
                // Half of it comes, and then nothing at all.
                server.state.withLock { ($0.hasRanges, $0.breaksAfter) = (false, 128 << 10) }
                let error = try await failure { try await store.add(request) }
                #expect(error.code == .transfer)
                #expect(error.message.contains("of \(Self.disk.count) bytes came"), "\(error.message)")
                #expect(store.list().isEmpty)
                server.state.withLock { ($0.hasRanges, $0.breaksAfter, $0.offsets) = (true, nil, []) }
                _ = try await store.add(request)
                #expect(server.offsets == [128 << 10])
            }
        }
    }

    @Test func fetchesAllWhereTheServerHasNoRangesAndAnOlderPartIsThere() async throws {
        let server = RangeServer(Self.disk)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let request = ImageRequest(name: "debian", origin: .url(url), checksum: try Self.sha256(Self.disk))
                let key = Digest.of("\(url)\n\(try Self.sha256(Self.disk))")
                try scratch.write("something older", to: "images/foreign/.\(key).download")
                server.state.withLock { $0.hasRanges = false }
                #expect(try await store.add(request).digest == Digest.of(Self.disk))
                // With ranges the rest fits, and the whole does not: then all of it once more.
                try await store.remove(digest: Digest.of(Self.disk))
                try scratch.write("something older", to: "images/foreign/.\(key).download")
                server.state.withLock { ($0.hasRanges, $0.offsets) = (true, []) }
                #expect(try await store.add(request).digest == Digest.of(Self.disk))
                #expect(server.offsets == [15, 0])
            }
        }
    }

    // MARK: Refusing

    @Test func refusesAnotherDigestAndLeavesNothing() async throws {
        let server = RangeServer(Self.disk)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let wanted = try Self.sha256([1])
                let error = try await failure {
                    try await store.add(ImageRequest(name: "debian", origin: .url(url), checksum: wanted))
                }
                #expect(error.code == .refused)
                #expect(error.message.contains(wanted.digest), "\(error.message)")
                #expect(error.message.contains(Digest.of(Self.disk)), "\(error.message)")
                #expect(remains(scratch).isEmpty)
                #expect(store.list().isEmpty)
            }
        }
    }

    @Test func refusesATruncatedFileOfUntoldLength() async throws {
        let server = RangeServer(Self.disk)
        server.state.withLock { ($0.tellsLength, $0.breaksAfter) = (false, 64 << 10) }
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let request = ImageRequest(name: "debian", origin: .url(url), checksum: try Self.sha256(Self.disk))
                let error = try await failure { try await store.add(request) }
                #expect(error.code == .refused)
                #expect(remains(scratch).isEmpty)
            }
        }
    }

    @Test func saysWhatTheServerSays() async throws {
        let server = RangeServer([])
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                let store = ForeignStore(home: scratch.path)
                let request = ImageRequest(name: "debian", origin: .url(url), checksum: try Self.sha256(Self.disk))
                let error = try await failure { try await store.add(request) }
                #expect(error.code == .transfer)
                #expect(error.message.contains("416"), "\(error.message)")
            }
        }
    }

    @Test func refusesAURLThatNobodyVouchesFor() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ForeignStore(home: scratch.path)
            let error = try await failure {
                try await store.add(ImageRequest(name: "debian", origin: .url("http://127.0.0.1:9/disk.img")))
            }
            #expect(error.message.contains("--sha256"), "\(error.message)")
            #expect(scratch.names(in: "images/foreign").isEmpty)
        }
    }

    @Test(arguments: ["", "Debian", "a/b", "..", ".hidden", "deadbeef", "a b", String(repeating: "x", count: 64)])
    func refusesNamesThatCannotBe(_ name: String) async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ForeignStore(home: scratch.path)
            let file = try scratch.write(Self.disk, to: "disk.img")
            let error = try await failure { try await store.add(ImageRequest(name: name, origin: .file(file))) }
            #expect(error.code == .refused)
        }
    }

    // MARK: Packed

    @Test(arguments: ["gzip", "bzip2", "xz", "zstd"])
    func unpacksByContent(_ program: String) async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ForeignStore(home: scratch.path)
            let file = try scratch.write(Self.disk, to: "disk.img")
            // The name says nothing of how it is packed.
            let script = "\(program) -c -1 \(file) >\(scratch.path)/packed"
            try await HostProgram.run("sh", ["-c", script], package: program)
            let packed = "\(scratch.path)/packed"
            let bytes = try #require(FileManager.default.contents(atPath: packed))
            let request = ImageRequest(name: "p", origin: .file(packed), checksum: try Self.sha256(Array(bytes)))
            let image = try await store.add(request)
            #expect(image.digest == Digest.of(Self.disk))
            #expect(remains(scratch) == [image.digest])
            // A packed file that ends early is refused, though nobody gave a digest.
            let short = try scratch.write(Array(bytes.prefix(bytes.count / 2)), to: "short")
            let error = try await failure { try await store.add(ImageRequest(name: "q", origin: .file(short))) }
            #expect(error.code == .refused, "\(error)")
            #expect(error.message.contains("cannot be unpacked"), "\(error.message)")
            #expect(remains(scratch) == [image.digest])
        }
    }

    // MARK: Keeping

    @Test func theSameDiskFromTwoSourcesIsOne() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ForeignStore(home: scratch.path)
            let files = try ["one", "two"].map { try scratch.write(Self.disk, to: $0) }
            async let first = store.add(ImageRequest(name: "one", origin: .file(files[0])))
            async let second = store.add(ImageRequest(name: "two", origin: .file(files[1])))
            let digests = try await [first.digest, second.digest]
            #expect(Set(digests).count == 1)
            #expect(store.list().map(\.names) == [["one", "two"]])
            #expect(try await store.remove(name: "one") == false)
            #expect(try await store.remove(name: "two") == true)
            #expect(remains(scratch).isEmpty)
        }
    }

    @Test func pruneTakesWhatHasNoNameAndNoUser() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ForeignStore(home: scratch.path)
            var other = Self.disk
            other[0] ^= 1
            let old = try await store.add(
                ImageRequest(name: "debian", origin: .file(try scratch.write(Self.disk, to: "old")))
            )
            let new = try await store.add(
                ImageRequest(name: "debian", origin: .file(try scratch.write(other, to: "new")))
            )
            #expect(store.image(named: "debian")?.digest == new.digest)
            let left = "images/foreign/.\(String(repeating: "a", count: 64)).download"
            try scratch.write("half", to: left)
            #expect(try await store.prune(keeping: [old.digest]).isEmpty)
            #expect(remains(scratch) == [old.digest, new.digest].sorted())
            #expect(try await store.prune(keeping: []).map(\.digest) == [old.digest])
            #expect(remains(scratch) == [new.digest])
        }
    }

    @Test func verifySeesAChangedByte() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ForeignStore(home: scratch.path)
            let file = try scratch.write(Self.disk, to: "disk.img")
            let image = try await store.add(ImageRequest(name: "debian", origin: .file(file)))
            try store.verify(image)
            var bytes = Self.disk
            bytes[100_000] ^= 1
            try Data(bytes).write(to: URL(filePath: store.disk(of: image.digest)))
            let error = #expect(throws: ImagesError.self) { try store.verify(image) }
            #expect(try #require(error).message.contains("slipway image rm debian"))
        }
    }
}
