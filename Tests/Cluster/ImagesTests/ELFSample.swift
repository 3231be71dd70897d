/// The smallest 64-bit ELF file with a dynamic section: header, one loaded segment, one dynamic segment, strings.
enum ELFSample {
    static func bytes(needing libraries: [String], versions: [String] = []) -> [UInt8] {
        var strings: [UInt8] = [0]
        var offsets: [Int] = []
        for name in libraries + versions {
            offsets.append(strings.count)
            strings += Array(name.utf8) + [0]
        }
        let stringsAt = 64 + 2 * 56
        let dynamicAt = stringsAt + strings.count
        // Loaded at another address than its offset, as linkers do.
        let base = 0x40_0000
        var dynamic: [UInt8] = []
        for offset in offsets.prefix(libraries.count) {
            dynamic += number(1, 8) + number(offset, 8)
        }
        dynamic += number(5, 8) + number(base + stringsAt, 8)
        dynamic += number(10, 8) + number(strings.count, 8)
        dynamic += number(0, 8) + number(0, 8)
        let total = dynamicAt + dynamic.count
        return header() + segment(1, 0, base, total) + segment(2, dynamicAt, base + dynamicAt, dynamic.count) + strings
            + dynamic
    }

    private static func header() -> [UInt8] {
        let identity: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        return identity + number(3, 2) + number(62, 2) + number(1, 4) + number(0, 8) + number(64, 8) + number(0, 8)
            + number(0, 4) + number(64, 2) + number(56, 2) + number(2, 2) + number(0, 2) + number(0, 2) + number(0, 2)
    }

    private static func segment(_ type: Int, _ offset: Int, _ address: Int, _ size: Int) -> [UInt8] {
        number(type, 4) + number(4, 4) + number(offset, 8) + number(address, 8) + number(address, 8)
            + number(size, 8) + number(size, 8) + number(8, 8)
    }

    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
