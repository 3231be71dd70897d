import Testing

@testable import Images

@Suite struct DiskHeaderTests {
    /// A qcow2 header of version 3 for a disk of 10 GiB.
    private func qcow2(_ change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 512)
        bytes.replaceSubrange(0..<8, with: [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 3])
        bytes.replaceSubrange(24..<32, with: [0, 0, 0, 2, 0x80, 0, 0, 0])
        change(&bytes)
        return bytes
    }

    private func reason(_ bytes: [UInt8], length: UInt64 = 1 << 20, sourceLocation: SourceLocation = #_sourceLocation)
        throws -> String
    {
        try #require(
            #expect(throws: DiskHeader.Refusal.self, sourceLocation: sourceLocation) {
                try DiskHeader(bytes, length: length)
            },
            sourceLocation: sourceLocation
        ).reason
    }

    @Test func readsAQcow2sSize() throws {
        let header = try DiskHeader(qcow2(), length: 512)
        #expect(header.format == .qcow2)
        #expect(header.capacity == 10 << 30)
    }

    @Test func refusesWhatNamesOtherFiles() throws {
        #expect(try reason(qcow2 { $0[15] = 1 }).contains("overlay"))
        #expect(try reason(qcow2 { $0[79] = 4 }).contains("another file"))
    }

    @Test func refusesWhatCannotBeRead() throws {
        #expect(try reason(qcow2 { $0[7] = 9 }).contains("version 9"))
        #expect(try reason(qcow2 { $0[35] = 2 }).contains("encrypted"))
        #expect(try reason(Array(qcow2().prefix(50))).contains("without a whole header"))
    }

    @Test func takesRawDisksWithPartitionsOrAFileSystem() throws {
        var disk = [UInt8](repeating: 0, count: 2048)
        #expect(try reason(disk).contains("neither"))
        disk.replaceSubrange(510..<512, with: [0x55, 0xAA])
        #expect(try DiskHeader(disk, length: 1 << 20).capacity == 1 << 20)
        #expect(try reason(disk, length: 1000).contains("truncated"))
        var ext4 = [UInt8](repeating: 0, count: 2048)
        ext4.replaceSubrange(1080..<1082, with: [0x53, 0xEF])
        #expect(try DiskHeader(ext4, length: 1 << 20).format == .raw)
    }

    @Test func namesWhatItKnows() throws {
        #expect(try reason(Array("KDMV".utf8)).contains("VMDK"))
        #expect(try reason(Array("\n <!DOCTYPE html><title>404".utf8)).contains("web page"))
    }

    @Test func readsTheLastAnswersLength() {
        let headers = "HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nHTTP/2 200\r\ncontent-length: 77\r\n\r\n"
        #expect(Download.length(inHeaders: headers) == 77)
        #expect(Download.length(inHeaders: "HTTP/1.1 200 OK\r\n\r\n") == nil)
    }
}
