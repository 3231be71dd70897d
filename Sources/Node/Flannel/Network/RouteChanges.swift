// A source may be cancelled from any thread, which its type does not say.
@preconcurrency import Dispatch
import Glibc

/// Tells when routes, neighbours, addresses or devices of this machine change, by the kernel's own word (rtnetlink(7)).
/// networkd, for one, removes routes that it does not know when it is restarted.
package final class RouteChanges: Sendable {
    /// One element for changes in quick succession.
    package let events: AsyncStream<Void>

    /// Groups of messages: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE.
    private static let groups: UInt32 = 0x1 | 0x10 | 0x40

    /// - Throws: a `FlannelError` where the kernel does not take the socket.
    package init() throws {
        let kind = Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, kind, 0)
        guard descriptor >= 0 else { throw Self.failure("socket") }
        // struct sockaddr_nl: family, padding, port (the kernel chooses one), groups.
        var address: (UInt16, UInt16, UInt32, UInt32) = (UInt16(AF_NETLINK), 0, 0, Self.groups)
        let size = socklen_t(MemoryLayout.size(ofValue: address))
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard bound == 0 else {
            let failure = Self.failure("bind")
            close(descriptor)
            throw failure
        }
        let (events, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.events = events
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
        source.setEventHandler {
            // What the messages say does not matter, only that they are read; nor that some were lost (ENOBUFS).
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while recv(descriptor, &buffer, buffer.count, 0) > 0 || errno == ENOBUFS {}
            continuation.yield()
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
        continuation.onTermination = { _ in source.cancel() }
    }

    private static func failure(_ call: String) -> FlannelError {
        FlannelError(.program, "cannot listen for changes of routes: \(call): \(String(cString: strerror(errno)))")
    }
}
