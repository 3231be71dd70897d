import CSystemd
import Glibc

/// A socket systemd opened for this service before it started it (`fleet.socket`).
package struct ListenSocket: Sendable, Hashable {
    /// Owned by whoever uses it; close-on-exec is set.
    package var descriptor: Int32
    /// `FileDescriptorName=` of the socket unit, by default the unit's name; `unknown` if none was given.
    package var name: String

    package init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// The sockets this process was given, in the socket unit's order; none when it was not started by a socket.
    ///
    /// Call it once, early: it takes the variables out of the environment, so that children do not believe that the
    /// sockets are theirs.
    package static func takeAll() throws(SystemdError) -> [ListenSocket] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count >= 0 else {
            throw SystemdError(.malformed, operation: "socket activation", message: errnoText(-count))
        }
        guard count > 0, let names else { return [] }
        defer {
            for index in 0..<Int(count) { free(names[index]) }
            free(names)
        }
        return (0..<Int(count)).map { index in
            let name = names[index].map { String(cString: $0) } ?? "unknown"
            return ListenSocket(descriptor: SD_LISTEN_FDS_START + Int32(index), name: name)
        }
    }
}
