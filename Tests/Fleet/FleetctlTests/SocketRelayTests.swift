import Foundation
import Testing

@testable import Fleetctl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct SocketRelayTests {
    /// Listens once, reads all that comes, and answers with it in capitals.
    private func echo(at path: String) throws -> Thread {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 1) == 0)
        let thread = Thread {
            let connection = accept(listener, nil, nil)
            let handle = FileHandle(fileDescriptor: connection, closeOnDealloc: true)
            let asked = handle.readDataToEndOfFile()
            handle.write(Data(String(decoding: asked, as: UTF8.self).uppercased().utf8))
            close(listener)
        }
        thread.start()
        return thread
    }

    @Test func bothDirectionsPass() throws {
        let path = NSTemporaryDirectory() + "relay-\(UUID().uuidString.prefix(8))"
        defer { unlink(path) }
        let thread = try echo(at: path)
        let (input, output) = (Pipe(), Pipe())
        // More than a pipe holds would block here; it is less.
        let text = String(repeating: "ask ", count: 5000)
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        try SocketRelay(path: path).run(
            from: input.fileHandleForReading.fileDescriptor,
            to: output.fileHandleForWriting.fileDescriptor,
        )
        try output.fileHandleForWriting.close()
        #expect(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == text.uppercased())
        withExtendedLifetime(thread) {}
    }

    @Test func nobodyThereIsAnError() throws {
        let error = #expect(throws: FleetctlError.self) { try SocketRelay(path: "/nowhere/x").run(from: 0, to: 1) }
        #expect(error?.message == "no answer at /nowhere/x: No such file or directory")
        #expect(throws: FleetctlError.self) {
            try SocketRelay(path: String(repeating: "x", count: 200)).run(from: 0, to: 1)
        }
    }
}
