import SystemPackage

/// Header of a disk image. https://www.qemu.org/docs/master/interop/qcow2.html
struct DiskHeader: Sendable, Hashable {
    var format: ImageFile.Format
    /// The disk's size as a guest sees it, in bytes.
    var capacity: UInt64

    /// Number of leading bytes that ``init(_:length:)`` reads.
    static let span = 36 << 10

    /// Reason why a file cannot be a node's disk.
    struct Refusal: Error, Hashable {
        var reason: String
    }

    /// Judges by content, never by a name's ending: a wrong guess would let a guest that writes a qcow2 header into its
    /// raw disk read files of the host.
    init(_ bytes: [UInt8], length: UInt64) throws(Refusal) {
        if Self.has("QFI\u{fb}", at: 0, in: bytes) {
            self = try Self.qcow2(bytes)
        } else if let other = Self.otherKind(bytes) {
            throw Refusal(reason: "it is \(other); only qcow2 and raw disks can be used")
        } else if Self.isRawDisk(bytes) {
            guard length.isMultiple(of: 512) else {
                throw Refusal(reason: "it is a raw disk of \(length) bytes, no multiple of 512: is it truncated?")
            }
            self.init(format: .raw, capacity: length)
        } else {
            throw Refusal(reason: "it is neither qcow2 nor a raw disk with partitions or an ext4 file system")
        }
    }

    private init(format: ImageFile.Format, capacity: UInt64) {
        self.format = format
        self.capacity = capacity
    }

    static func read(_ path: String, length: UInt64) throws(ImagesError) -> DiskHeader {
        let bytes = try FileStart.read(path, count: span)
        do throws(Refusal) {
            return try DiskHeader(bytes, length: length)
        } catch {
            throw ImagesError(.refused, error.reason)
        }
    }

    private static func qcow2(_ bytes: [UInt8]) throws(Refusal) -> DiskHeader {
        guard bytes.count >= 104 else { throw Refusal(reason: "it is a qcow2 file without a whole header") }
        let version = bigEndian(bytes[4..<8])
        guard version == 2 || version == 3 else { throw Refusal(reason: "it is qcow2 of unknown version \(version)") }
        // Both would name files of libvirt's host, by the word of whoever made the image.
        guard bigEndian(bytes[8..<16]) == 0 else {
            throw Refusal(reason: "it is a qcow2 overlay, which needs another file; flatten it: qemu-img convert")
        }
        if version == 3, bigEndian(bytes[72..<80]) & 4 != 0 {
            throw Refusal(reason: "its data are in another file; flatten it: qemu-img convert")
        }
        guard bigEndian(bytes[32..<36]) == 0 else { throw Refusal(reason: "it is encrypted") }
        return DiskHeader(format: .qcow2, capacity: bigEndian(bytes[24..<32]))
    }

    private static func isRawDisk(_ bytes: [UInt8]) -> Bool {
        let hasPartitions = bytes.count >= 512 && bytes[510] == 0x55 && bytes[511] == 0xAA
        let isExt = bytes.count >= 1082 && bytes[1080] == 0x53 && bytes[1081] == 0xEF
        return hasPartitions || isExt
    }

    private static func otherKind(_ bytes: [UInt8]) -> String? {
        if has("KDMV", at: 0, in: bytes) { return "a VMDK" }
        if has("vhdxfile", at: 0, in: bytes) { return "a VHDX" }
        if has("conectix", at: 0, in: bytes) { return "a VHD" }
        if has("<<< ", at: 0, in: bytes), has("VirtualBox", at: 12, in: bytes) { return "a VDI" }
        if has("CD001", at: 32769, in: bytes), !isRawDisk(bytes) { return "a CD image" }
        let start = String(decoding: bytes.prefix(256), as: UTF8.self).lowercased()
        let text = start.drop(while: \.isWhitespace)
        return text.hasPrefix("<!doctype") || text.hasPrefix("<html") ? "a web page" : nil
    }

    private static func has(_ text: String, at offset: Int, in bytes: [UInt8]) -> Bool {
        let wanted = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        return bytes.count >= offset + wanted.count && bytes[offset..<offset + wanted.count].elementsEqual(wanted)
    }

    private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// The first bytes of a file.
enum FileStart {
    static func read(_ path: String, count: Int) throws(ImagesError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly)
            return try file.closeAfter {
                var bytes: [UInt8] = []
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
                defer { buffer.deallocate() }
                while bytes.count < count, case let got = try file.read(into: buffer), got > 0 {
                    bytes += buffer[..<min(got, count - bytes.count)]
                }
                return bytes
            }
        } catch {
            throw ImagesError(.store, "cannot read \(path)", cause: error)
        }
    }
}
