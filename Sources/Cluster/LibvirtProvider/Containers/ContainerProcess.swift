import Basics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Process 1 of a container, as the host sees it: the child of the container's supervisor, `libvirt_lxc`.
struct ContainerProcess: Sendable {
    /// PID of the supervisor, as libvirt gives it.
    let supervisorPID: UInt32
    let domain: String

    /// The result of a signal.
    enum Answer: Sendable, Equatable {
        case sent
        /// The supervisor runs, and process 1 has ended.
        case ended
        /// The supervisor or process 1 was not found.
        case unknown
    }

    /// False where the supervisor has ended, and where it is not to be seen from here.
    var isSupervised: Bool { isSupervisor(commandLine: Self.contents(of: "/proc/\(supervisorPID)/cmdline")) }

    /// Sends process 1 a signal.
    func signal(_ number: UInt32) -> Answer {
        guard isSupervised else { return .unknown }
        let list = "/proc/\(supervisorPID)/task/\(supervisorPID)/children"
        let children = Self.contents(of: list).split(separator: " ")
        if children.isEmpty, access(list, R_OK) == 0 { return .ended }
        guard children.count == 1, let process = children.first.flatMap({ Int32($0) }) else { return .unknown }
        // kill(2) succeeds for a process that has ended and that the supervisor has not collected.
        if Self.hasEnded(stat: Self.contents(of: "/proc/\(process)/stat")) { return .ended }
        return kill(process, Int32(number)) == 0 ? .sent : .unknown
    }

    /// Returns whether a command line is that of this domain's supervisor, and not of a process that has taken over its
    /// PID.
    ///
    /// - Parameter commandLine: arguments with a NUL after each, as in `/proc/PID/cmdline`.
    func isSupervisor(commandLine: String) -> Bool {
        let arguments = commandLine.split(separator: "\0")
        guard arguments.first?.hasSuffix("libvirt_lxc") == true, let name = arguments.firstIndex(of: "--name") else {
            return false
        }
        return arguments.dropFirst(name + 1).first.map(String.init) == domain
    }

    /// Returns whether a `/proc/PID/stat` is that of a process that has ended: its state, after the name in parentheses
    /// (proc(5)), is a zombie's or a dead process's.
    static func hasEnded(stat: String) -> Bool {
        guard let name = stat.lastIndex(of: ")") else { return false }
        guard let state = stat[stat.index(after: name)...].first(where: { $0 != " " }) else { return false }
        return "ZXx".contains(state)
    }

    /// A file of the kernel's; empty when it cannot be read.
    private static func contents(of path: String) -> String { (try? WholeFile.text(of: path)).flatMap(\.self) ?? "" }
}
