#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Joins two file descriptors with a unix socket until the socket's other end is done: what arrives on one goes out on
/// the other. The far end of the original's tunnel is this.
package struct SocketRelay {
    private static let chunk = 1 << 16

    let path: String

    package init(path: String) {
        self.path = path
    }

    /// - Throws: `FleetctlError` when nothing listens, or the connection breaks.
    package func run(from input: Int32, to output: Int32) throws {
        let socket = try connected()
        defer { close(socket) }
        var inputs = [pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
        inputs.append(pollfd(fd: input, events: Int16(POLLIN), revents: 0))
        while true {
            guard poll(&inputs, nfds_t(inputs.count), -1) >= 0 else {
                if errno == EINTR { continue }
                throw failure("cannot wait for input")
            }
            if inputs[0].revents != 0, try !copy(from: socket, to: output) { return }
            guard inputs.count > 1, inputs[1].revents != 0, try !copy(from: input, to: socket) else { continue }
            // Nothing more is asked; the answer may still come.
            shutdown(socket, Int32(SHUT_WR))
            inputs.removeLast()
        }
    }

    /// - Returns: whether there may be more.
    private func copy(from source: Int32, to sink: Int32) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        let count = read(source, &buffer, buffer.count)
        guard count > 0 else {
            if count == 0 { return false }
            if errno == EINTR || errno == EAGAIN { return true }
            throw failure("cannot read")
        }
        var start = 0
        while start < count {
            let written = buffer[start..<count].withUnsafeBytes { write(sink, $0.baseAddress, $0.count) }
            if written < 0, errno != EINTR { throw failure("cannot write") }
            start += max(0, written)
        }
        return true
    }

    private func connected() throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw FleetctlError(.usage, "\(path) is too long for the path of a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw failure("cannot make a socket") }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let error = failure("no answer")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private func failure(_ what: String) -> FleetctlError {
        FleetctlError(.unreachable, "\(what) at \(path): \(String(cString: strerror(errno)))")
    }
}
