import Glibc

extension CgroupTree {
    /// Lets everything in the cgroups of a name stand still, and waits until it does.
    ///
    /// - Parameter limit: time that the processes of each may take, in milliseconds.
    /// - Returns: whether there is such a cgroup.
    package static func freeze(named name: String, below root: String, within limit: Int = 5000) throws(Failure) -> Bool
    {
        let directories = directories(named: [name], below: root)
        for directory in directories {
            try KernelFile.write("1", to: directory + "/cgroup.freeze")
            try awaitFrozen(directory, within: limit)
        }
        return !directories.isEmpty
    }

    /// Lets everything in the cgroups of a name run on.
    package static func thaw(named name: String, below root: String) throws(Failure) {
        for directory in directories(named: [name], below: root) {
            // Kernels before 5.2 have none, and so nothing that is frozen.
            guard access(directory + "/cgroup.freeze", W_OK) == 0 else { continue }
            try KernelFile.write("0", to: directory + "/cgroup.freeze")
        }
    }

    /// The kernel tells of a change of the file by an exceptional condition of it.
    private static func awaitFrozen(_ directory: String, within limit: Int) throws(Failure) {
        let path = directory + "/cgroup.events"
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system("cannot open \(path)") }
        defer { close(file) }
        let end = milliseconds() + limit
        while true {
            // The descriptor that is polled is the one that has to be read.
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = pread(file, &buffer, buffer.count, 0)
            guard count >= 0 else { throw .system("cannot read \(path)") }
            if isFrozen(String(decoding: buffer[..<count], as: UTF8.self)) { return }
            let left = end - milliseconds()
            guard left > 0 else { throw Failure("\(directory) is not frozen after \(limit) ms") }
            var waiting = pollfd(fd: file, events: Int16(POLLPRI), revents: 0)
            guard poll(&waiting, 1, Int32(clamping: left)) >= 0 || errno == EINTR else {
                throw .system("cannot wait for a change of \(path)")
            }
        }
    }

    private static func milliseconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }

    /// Returns whether the text of a `cgroup.events` says that nothing of it runs.
    package static func isFrozen(_ events: String) -> Bool {
        events.split(separator: "\n").contains("frozen 1")
    }
}
