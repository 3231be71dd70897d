import Basics
import Glibc
import Testing

@Suite struct WholeFileTests {
    @Test func aFileOfTheKernelIsReadToItsEnd() throws {
        // This process's own mappings are some pages of text, and the kernel's own page is the last of them.
        let text = try #require(try WholeFile.text(of: "/proc/self/maps"))
        #expect(text.utf8.count > 8192 && text.split(separator: "\n").last?.contains("[") == true)
    }

    @Test func aPipeIsReadToItsEnd() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        // Less than a pipe holds, in two parts: the first is no end.
        let part = [UInt8](repeating: 7, count: 1000)
        for _ in 0..<2 { #expect(write(ends[1], part, part.count) == part.count) }
        close(ends[1])
        defer { close(ends[0]) }
        #expect(try WholeFile.bytes(of: "/dev/fd/\(ends[0])") == part + part)
    }

    @Test func aFileMayBeMissing() throws {
        #expect(try WholeFile.bytes(of: "/no/such/file") == nil)
        #expect(try WholeFile.text(of: "/dev/null/file") == nil)
        #expect(throws: SystemFailure("read /", number: EISDIR)) { try WholeFile.bytes(of: "/") }
    }

    @Test func whatIsTooLargeIsNotRead() {
        #expect(throws: SystemFailure("read /dev/zero", number: EFBIG)) {
            try WholeFile.bytes(of: "/dev/zero", limit: 1 << 20)
        }
    }
}
