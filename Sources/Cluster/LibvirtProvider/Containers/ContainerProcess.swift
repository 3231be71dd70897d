#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Process 1 of a container, as the host sees it: the child of the `libvirt_lxc` that carries the container.
struct ContainerProcess: Sendable {
    /// The carrier's process, by libvirt's word.
    let carrier: UInt32
    let domain: String

    /// What came of a signal.
    enum Answer: Sendable {
        case sent
        /// The carrier runs, and the container has no process any more.
        case isGone
        /// The process was not found.
        case unknown
    }

    /// Sends process 1 a signal.
    func signal(_ number: UInt32) -> Answer {
        guard carriesDomain(Self.contents(of: "/proc/\(carrier)/cmdline")) else { return .unknown }
        let list = "/proc/\(carrier)/task/\(carrier)/children"
        let children = Self.contents(of: list).split(separator: " ")
        if children.isEmpty, access(list, R_OK) == 0 { return .isGone }
        guard children.count == 1, let process = children.first.flatMap({ Int32($0) }) else { return .unknown }
        return kill(process, Int32(number)) == 0 ? .sent : .unknown
    }

    /// Whether a command line is the carrier's, and not that of a process that was given its number since.
    ///
    /// - Parameter commandLine: arguments with a NUL after each.
    func carriesDomain(_ commandLine: String) -> Bool {
        let arguments = commandLine.split(separator: "\0")
        guard arguments.first?.hasSuffix("libvirt_lxc") == true, let name = arguments.firstIndex(of: "--name") else {
            return false
        }
        return arguments.dropFirst(name + 1).first.map(String.init) == domain
    }

    /// A small file of the kernel's; empty when it cannot be read.
    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}
