import SystemPackage

struct ELFError: Error {
    /// To follow the file's path in a sentence.
    var message: String
}

/// Dynamic section of a 64-bit little-endian ELF file, with the libraries that the file needs.
///
/// Format: System V ABI, chapters 4 and 5 (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html). By hand, because
/// readelf is a package of compilers, and ldd runs the file that it is asked about.
struct ELFImage: Sendable {
    /// The `DT_NEEDED` entries.
    private(set) var neededLibraries: [String] = []
    /// The highest `x` of the symbol versions `GLIBC_2.x` that it refers to.
    private(set) var newestLibraryVersion: Int?

    private struct Segment {
        var type: UInt32
        var offset: UInt64
        var address: UInt64
        var size: UInt64

        func isLoaded(at place: UInt64) -> Bool {
            type == 1 && address <= place && place < address + size
        }
    }

    init(path: String) throws(ELFError) {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            try file.closeAfter { try read(from: file) }
        } catch let error as ELFError {
            throw error
        } catch {
            throw ELFError(message: "cannot be read: \(error)")
        }
    }

    private mutating func read(from file: FileDescriptor) throws {
        let header = try Self.bytes(of: file, at: 0, count: 64)
        guard header.prefix(4) == [0x7f, 0x45, 0x4c, 0x46] else { throw ELFError(message: "is not a program") }
        guard header[4] == 2, header[5] == 1 else { throw ELFError(message: "is not a 64-bit little-endian program") }
        let segments = try Self.segments(of: file, header: header)
        // A program without a dynamic section needs no library at all.
        guard let dynamic = segments.first(where: { $0.type == 2 }) else { return }
        let table = try Self.bytes(of: file, at: dynamic.offset, count: Int(dynamic.size))
        let entries = stride(from: 0, to: table.count - 15, by: 16).map { start in
            (tag: Self.integer(table, start, 8), value: Self.integer(table, start + 8, 8))
        }
        guard
            let address = entries.first(where: { $0.tag == 5 })?.value,
            let size = entries.first(where: { $0.tag == 10 })?.value,
            let home = segments.first(where: { $0.isLoaded(at: address) })
        else { throw ELFError(message: "has a dynamic section without strings") }
        let strings = try Self.bytes(of: file, at: home.offset + address - home.address, count: Int(size))
        neededLibraries = entries.filter { $0.tag == 1 }.map { Self.string(strings, Int($0.value)) }
        newestLibraryVersion = Self.newestLibraryVersion(in: strings)
    }

    private static func segments(of file: FileDescriptor, header: [UInt8]) throws -> [Segment] {
        let size = Int(integer(header, 54, 2))
        let count = Int(integer(header, 56, 2))
        guard size >= 56 else { throw ELFError(message: "has a damaged ELF header") }
        let table = try bytes(of: file, at: integer(header, 32, 8), count: size * count)
        return (0..<count).map { index in
            let start = index * size
            return Segment(
                type: UInt32(integer(table, start, 4)),
                offset: integer(table, start + 8, 8),
                address: integer(table, start + 16, 8),
                size: integer(table, start + 32, 8),
            )
        }
    }

    private static func newestLibraryVersion(in strings: [UInt8]) -> Int? {
        strings.split(separator: 0)
            .filter { $0.starts(with: "GLIBC_2.".utf8) }
            .compactMap { Int(String(decoding: $0.dropFirst(8).prefix { $0 != 0x2e }, as: UTF8.self)) }
            .max()
    }

    private static func bytes(of file: FileDescriptor, at offset: UInt64, count: Int) throws -> [UInt8] {
        guard offset < 1 << 40, count <= 1 << 26 else { throw ELFError(message: "has a damaged ELF header") }
        var read = 0
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while read < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[read...])
                let step = try file.read(fromAbsoluteOffset: Int64(offset) + Int64(read), into: rest)
                guard step > 0 else { break }
                read += step
            }
            filled = read
        }
        guard read == count else { throw ELFError(message: "is cut short") }
        return bytes
    }

    private static func integer(_ bytes: [UInt8], _ start: Int, _ count: Int) -> UInt64 {
        bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func string(_ bytes: [UInt8], _ start: Int) -> String {
        guard start < bytes.count else { return "" }
        return String(decoding: bytes[start...].prefix { $0 != 0 }, as: UTF8.self)
    }
}
