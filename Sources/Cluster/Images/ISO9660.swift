/// A small read-only file system with a label, for a machine's configuration: ISO 9660 (ECMA-119), with names as
/// they are. Linux shows plain names in lower case, so names must be lower case to be found again as they were.
///
/// By hand, because xorriso and genisoimage are large packages that hosts lack, for a file system of a few files.
package struct ISO9660: Sendable {
    private static let sector = 2048
    /// A directory holds its records in one sector here: enough for some forty files.
    private static let firstDirectory = 20

    /// A file system's label, at most 32 characters.
    package var label: String
    /// Files by path without a leading slash.
    package var files: [String: [UInt8]]

    package init(label: String, files: [String: [UInt8]]) {
        self.label = label
        self.files = files
    }

    private struct Directory {
        var path: String
        var parent: Int
        var sector: Int
    }

    private struct Place {
        var sector: Int
        var length: Int
    }

    /// The file system's bytes; the same label and files give the same bytes.
    package func bytes() -> [UInt8] {
        let directories = self.directories
        var next = Self.firstDirectory + directories.count
        var places: [String: Place] = [:]
        for (path, content) in sortedFiles {
            places[path] = Place(sector: next, length: content.count)
            next += max(1, (content.count + Self.sector - 1) / Self.sector)
        }
        var image = [UInt8](repeating: 0, count: next * Self.sector)
        let tables = [pathTable(directories, bigEndian: false), pathTable(directories, bigEndian: true)]
        let volume = volumeDescriptor(size: next, tableSize: tables[0].count, root: directories[0])
        Self.put(volume, at: 16, in: &image)
        Self.put([0xFF] + Array("CD001".utf8) + [1], at: 17, in: &image)
        Self.put(tables[0], at: 18, in: &image)
        Self.put(tables[1], at: 19, in: &image)
        for index in directories.indices {
            Self.put(records(of: index, in: directories, places: places), at: directories[index].sector, in: &image)
        }
        for (path, content) in sortedFiles {
            if let place = places[path] { Self.put(content, at: place.sector, in: &image) }
        }
        return image
    }

    private var sortedFiles: [(key: String, value: [UInt8])] { files.sorted { $0.key < $1.key } }

    /// The root first, then each after its parent, by depth and name, as a path table must have them.
    private var directories: [Directory] {
        var paths: Set<String> = []
        for file in files.keys {
            var parts = file.split(separator: "/").dropLast()
            while !parts.isEmpty {
                paths.insert(parts.joined(separator: "/"))
                parts = parts.dropLast()
            }
        }
        let depth = { (path: String) in path.split(separator: "/").count }
        let ordered = [""] + paths.sorted { (depth($0), $0) < (depth($1), $1) }
        return ordered.enumerated().map { index, path in
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            let number = ordered.firstIndex(of: parent) ?? 0
            return Directory(path: path, parent: number, sector: Self.firstDirectory + index)
        }
    }

    private static func put(_ content: [UInt8], at sector: Int, in image: inout [UInt8]) {
        let start = sector * Self.sector
        image.replaceSubrange(start..<start + content.count, with: content)
    }

    // MARK: Structures

    private func volumeDescriptor(size: Int, tableSize: Int, root: Directory) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.sector)
        func put(_ content: [UInt8], at offset: Int) {
            bytes.replaceSubrange(offset..<offset + content.count, with: content)
        }
        let blank = { (count: Int) in [UInt8](repeating: 0x20, count: count) }
        put([1] + Array("CD001".utf8) + [1], at: 0)
        put(blank(32), at: 8)
        put(Array((label + String(repeating: " ", count: 32)).utf8.prefix(32)), at: 40)
        put(Self.both32(size), at: 80)
        put(Self.both16(1), at: 120)
        put(Self.both16(1), at: 124)
        put(Self.both16(Self.sector), at: 128)
        put(Self.both32(tableSize), at: 132)
        put(Self.little32(18), at: 140)
        put(Self.little32(19).reversed(), at: 148)
        put(record([0], sector: root.sector, length: Self.sector, isDirectory: true), at: 156)
        put(blank(623), at: 190)
        for offset in [813, 830, 847, 864] { put([UInt8](repeating: 0x30, count: 16) + [0], at: offset) }
        put([1], at: 881)
        return bytes
    }

    private func pathTable(_ directories: [Directory], bigEndian: Bool) -> [UInt8] {
        directories.flatMap { directory -> [UInt8] in
            let name = directory.path.isEmpty ? [0] : Self.lastName(directory.path)
            let sector = Self.little32(directory.sector)
            let parent = Array(Self.little32(directory.parent + 1).prefix(2))
            let numbers = bigEndian ? [UInt8](sector.reversed()) + [UInt8](parent.reversed()) : sector + parent
            return [UInt8(name.count), 0] + numbers + name + (name.count.isMultiple(of: 2) ? [] : [0])
        }
    }

    private func records(of index: Int, in directories: [Directory], places: [String: Place]) -> [UInt8] {
        let own = directories[index]
        let parent = directories[own.parent]
        var bytes = record([0], sector: own.sector, length: Self.sector, isDirectory: true)
        bytes += record([1], sector: parent.sector, length: Self.sector, isDirectory: true)
        var children: [(name: [UInt8], record: [UInt8])] = []
        for (number, directory) in directories.enumerated() where number > 0 && directory.parent == index {
            let name = Self.lastName(directory.path)
            children.append((name, record(name, sector: directory.sector, length: Self.sector, isDirectory: true)))
        }
        for (path, place) in places where Self.parent(of: path) == own.path {
            let name = Self.lastName(path) + Array(";1".utf8)
            children.append((name, record(name, sector: place.sector, length: place.length, isDirectory: false)))
        }
        children.sort { $0.name.lexicographicallyPrecedes($1.name) }
        return bytes + children.flatMap(\.record)
    }

    private func record(_ name: [UInt8], sector: Int, length: Int, isDirectory: Bool) -> [UInt8] {
        let padding = name.count.isMultiple(of: 2) ? 1 : 0
        var bytes: [UInt8] = [UInt8(33 + name.count + padding), 0]
        bytes += Self.both32(sector) + Self.both32(length)
        // 1 January 2000: the same files give the same bytes.
        bytes += [100, 1, 1, 0, 0, 0, 0]
        bytes += [isDirectory ? 2 : 0, 0, 0] + Self.both16(1) + [UInt8(name.count)] + name
        return bytes + [UInt8](repeating: 0, count: padding)
    }

    private static func lastName(_ path: String) -> [UInt8] { Array((path.split(separator: "/").last ?? "").utf8) }

    private static func parent(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    private static func little32(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian) { Array($0) }
    }

    private static func both32(_ value: Int) -> [UInt8] { little32(value) + little32(value).reversed() }

    private static func both16(_ value: Int) -> [UInt8] {
        let bytes = Array(little32(value).prefix(2))
        return bytes + bytes.reversed()
    }
}
