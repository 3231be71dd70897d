import Foundation
import Synchronization
import TestKit
import Testing
import TopologyModel

@testable import Images

@Suite struct DownloadTests {
    private func download(_ url: String, in scratch: TemporaryDirectory) -> Download {
        let part = "\(scratch.path)/part"
        return Download(origin: .url(url), part: part, algorithm: .sha256, trustsServer: true, onEvent: { _ in })
    }

    private static let old = [UInt8](repeating: 1, count: 300 << 10)
    private static let new = [UInt8](repeating: 2, count: 400 << 10)

    /// Nobody could tell afterwards what is wrong with a file whose halves are of two.
    @Test func twoFilesAreNotMadeOne() async throws {
        let server = RangeServer(Self.old)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                server.state.withLock { ($0.tag, $0.hasRanges, $0.breaksAfter) = ("\"old\"", false, 100 << 10) }
                await #expect(throws: ImagesError.self) { try await download(url, in: scratch).run() }
                server.state.withLock { state in
                    (state.content, state.tag, state.hasRanges, state.breaksAfter) = (Self.new, "\"new\"", true, nil)
                    state.offsets = []
                }
                let whole = try await download(url, in: scratch).run()
                #expect(whole.digest == Digest.of(Self.new))
                #expect(!whole.isPatched)
                #expect(server.offsets == [100 << 10, 0])
            }
        }
    }

    @Test func theSameFileIsGoneOnWith() async throws {
        let server = RangeServer(Self.old)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                server.state.withLock { ($0.tag, $0.breaksAfter) = ("\"old\"", 200 << 10) }
                let whole = try await download(url, in: scratch).run()
                #expect(whole.digest == Digest.of(Self.old))
                #expect(whole.isPatched)
                #expect(server.offsets == [0, 200 << 10])
            }
        }
    }

    /// A checksum tells, and mirrors of one file have names of their own for it.
    @Test func whereAChecksumTellsTheServerIsNotAsked() async throws {
        let server = RangeServer(Self.old)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                var download = download(url, in: scratch)
                download.trustsServer = false
                server.state.withLock { ($0.tag, $0.hasRanges, $0.breaksAfter) = ("\"a\"", false, 100 << 10) }
                await #expect(throws: ImagesError.self) { try await download.run() }
                server.state.withLock { ($0.tag, $0.hasRanges, $0.breaksAfter, $0.offsets) = ("\"b\"", true, nil, []) }
                let whole = try await download.run()
                #expect(whole.digest == Digest.of(Self.old))
                #expect(server.offsets == [100 << 10])
            }
        }
    }

    /// curl is content with a server that has nothing more to give.
    @Test func aPartThatIsLongerThanTheFileIsNotTheFile() async throws {
        let server = RangeServer(Self.old)
        try await TemporaryDirectory.withFiles { scratch in
            try await server.serving { url in
                try scratch.write(Self.new, to: "part")
                let whole = try await download(url, in: scratch).run()
                #expect(whole.digest == Digest.of(Self.old))
                #expect(server.offsets == [400 << 10, 0])
            }
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nETag: \"a\"\r\nLast-Modified: yesterday\r\n", "\"a\""),
        ("HTTP/1.1 200 OK\r\netag: W/\"a\"\r\nlast-modified: Sun, 06 Nov 1994 \r\n", "Sun, 06 Nov 1994"),
        ("HTTP/1.1 302 Found\r\nETag: \"a\"\r\n\r\nHTTP/2 200\r\n", nil),
    ])
    func namesOfFiles(headers: String, name: String?) {
        #expect(Download.validator(inHeaders: headers) == name)
        #expect(Download.status(inHeaders: headers) == 200)
    }
}
