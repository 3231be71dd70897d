import NIOCore
import Testing

@testable import Etcd

struct LineSplitterTests {
    @Test(arguments: 1...12)
    func anyChunking(size: Int) throws {
        let bytes = Array("{\"a\":1}\n\nsecond\nunfinished".utf8)
        var splitter = LineSplitter()
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let chunk = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            lines += try splitter.add(chunk).map { String(buffer: $0) }
        }
        #expect(lines == ["{\"a\":1}", "second"])
    }

    @Test(arguments: [
        (KeyRange.key("a"), nil as [UInt8]?), (.prefix("a/"), [0x61, 0x30]), (.prefix(""), [0]),
    ])
    func ends(_ range: KeyRange, end: [UInt8]?) {
        #expect(range.end == end)
    }
}
