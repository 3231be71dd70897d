import CLibvirt

/// A stream of bytes to or from libvirt's host.
struct Stream: ~Copyable {
    let handle: OpaquePointer
    private let action: String

    /// Size of one message of a stream, as libvirt's own senders use it: every version takes it.
    static let pieceSize = 262_120

    init(on connection: OpaquePointer, _ action: String) throws(LibvirtError) {
        guard let handle = virStreamNew(connection, 0) else { throw LibvirtError.last(action) }
        self.handle = handle
        self.action = action
    }

    deinit {
        virStreamFree(handle)
    }

    /// Sends a file piece by piece, and of its holes only the size.
    func send(_ file: borrowing SourceFile, _ onProgress: (UInt64) -> Void) throws(LibvirtError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        var position: UInt64 = 0
        while position < file.length {
            let hole = try file.hole(at: position)
            if hole > 0 {
                guard virStreamSendHole(handle, Int64(hole), 0) == 0 else { throw LibvirtError.last(action) }
                position += hole
            } else {
                let count = try file.read(at: position, into: buffer)
                try send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                position += UInt64(count)
            }
            onProgress(position)
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer) throws(LibvirtError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceSize))
            let sent = virStreamSend(handle, piece.baseAddress?.assumingMemoryBound(to: CChar.self), piece.count)
            guard sent > 0 else { throw LibvirtError.last(action) }
            rest = rest.dropFirst(Int(sent))
        }
    }

    func receive(limit: Int) throws(LibvirtError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [CChar](repeating: 0, count: Self.pieceSize)
        while bytes.count < limit {
            let count = virStreamRecv(handle, &piece, min(piece.count, limit - bytes.count))
            guard count >= 0 else { throw LibvirtError.last(action) }
            if count == 0 { break }
            bytes += piece.prefix(Int(count)).map { UInt8(bitPattern: $0) }
        }
        return bytes
    }

    /// Waits until the other side has taken everything.
    func finish() throws(LibvirtError) {
        guard virStreamFinish(handle) == 0 else { throw LibvirtError.last(action) }
    }

    /// Gives up; what was sent is worth nothing.
    func abort() {
        // The failure that led here is the one reported.
        _ = virStreamAbort(handle)
    }
}
