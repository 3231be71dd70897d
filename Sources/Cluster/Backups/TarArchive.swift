import FoundationEssentials

/// The POSIX archive format (ustar), as far as backups and bug reports take it: regular files with short names, which
/// `tar` reads.
/// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
package enum TarArchive {
    static let block = 512
    /// Eleven octal digits.
    static let largestPart = 1 << 33 - 1

    /// A file in an archive.
    struct Entry: Sendable, Hashable {
        var name: String
        /// Position of its content.
        var content: Range<Int>
    }

    /// The header of a file that only its owner may read.
    ///
    /// - Parameters:
    ///   - name: at most 100 bytes.
    ///   - time: in seconds since 1970.
    static func header(name: String, size: Int, time: Int64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: block)
        func set(_ text: String, at offset: Int) {
            bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        set(name, at: 0)
        set("0000600\0", at: 100)
        set("0000000\0", at: 108)
        set("0000000\0", at: 116)
        set(octal(UInt64(size), digits: 11) + "\0", at: 124)
        set(octal(UInt64(max(time, 0)), digits: 11) + "\0", at: 136)
        bytes[156] = UInt8(ascii: "0")
        set("ustar\u{0}00", at: 257)
        set(octal(UInt64(checksum(bytes)), digits: 6) + "\0 ", at: 148)
        return bytes
    }

    /// A whole archive, in pieces.
    ///
    /// - Parameter time: of its files, in seconds since 1970.
    package static func pieces(of files: [(name: String, content: Data)], time: Int64) -> [Data] {
        files.flatMap { file in
            [
                Data(header(name: file.name, size: file.content.count, time: time)), file.content,
                Data(count: padding(after: file.content.count)),
            ]
        } + [Data(count: 2 * block)]
    }

    /// Zero bytes that follow so many bytes of content.
    static func padding(after size: Int) -> Int { (block - size % block) % block }

    /// Files of a whole archive, in order.
    ///
    /// - Throws: where a header is not as ``header(name:size:time:)`` writes it, or the archive does not end where it
    ///   should.
    static func entries(of data: Data, file: String) throws(BackupError) -> [Entry] {
        var entries: [Entry] = []
        var position = data.startIndex
        while position + 2 * block <= data.endIndex {
            let header = data[position..<position + block]
            guard header.contains(where: { $0 != 0 }) else {
                guard data[position...].allSatisfy({ $0 == 0 }), data.endIndex == position + 2 * block else {
                    throw .damaged(file, "there is something after its end")
                }
                return entries
            }
            let entry = try entry(header, at: position + block, file: file)
            let end = entry.content.upperBound
            let next = end + padding(after: entry.content.count)
            guard next <= data.endIndex else { break }
            guard data[end..<next].allSatisfy({ $0 == 0 }) else {
                throw .damaged(file, "there is something between its parts")
            }
            entries.append(entry)
            position = next
        }
        throw .damaged(file, "it ends too early")
    }

    private static func entry(_ header: Data, at start: Int, file: String) throws(BackupError) -> Entry {
        let bytes = Array(header)
        let name = String(decoding: bytes[..<100].prefix { $0 != 0 }, as: UTF8.self)
        let size = Int(String(decoding: bytes[124..<135], as: UTF8.self), radix: 8)
        let time = Int64(String(decoding: bytes[136..<147], as: UTF8.self), radix: 8)
        guard let size, let time, Self.header(name: name, size: size, time: time) == bytes else {
            throw .damaged(file, "it is no archive, or one of its headers was changed")
        }
        return Entry(name: name, content: start..<start + size)
    }

    /// Sum of the header's bytes, with blanks in the place of the sum.
    private static func checksum(_ header: [UInt8]) -> Int {
        let blanks = [UInt8](repeating: UInt8(ascii: " "), count: 8)
        return (header[..<148] + blanks + header[156...]).reduce(0) { $0 + Int($1) }
    }

    private static func octal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
