import Basics
import Cgroups
import Glibc
import NodeBoot

/// The first boot of an image, on which the node has to be well in time.
///
/// What watches it is a process of its own, not a unit: a root whose systemd hangs has no units.
struct BootTrial {
    /// Option of this program by which it watches.
    static let option = "--watch-boot"
    /// systemd's signal for an orderly reboot (SIGRTMIN+5): the C library keeps the first two real-time signals.
    private static let rebootSignal: Int32 = 34 + 5
    /// Seconds that an orderly reboot may take until systemd ends the processes, this one among them.
    private static let grace = 30

    /// Seconds in which the node has to be well.
    let within: Int

    /// Starts what goes back in time. The root is the node's own by now, and this program a part of it.
    func begin() throws(Failure) {
        try requireInit()
        try spawn(NodeLayout.programOnNode, [NodeLayout.programOnNode, Self.option, "\(within)"])
    }

    /// A root whose init cannot even say its version would end the container, which then stays off.
    private func requireInit() throws(Failure) {
        // Under the name of init it would take itself for telinit.
        let process = try spawn("/sbin/init", ["systemd", "--version"])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw .system("cannot wait for /sbin/init --version") }
        }
        guard status == 0 else {
            throw Failure("its /sbin/init does not run: it ended with status \(status >> 8 & 0xFF)")
        }
    }

    @discardableResult
    private func spawn(_ program: String, _ words: [String]) throws(Failure) -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var process = pid_t()
        let result = posix_spawn(&process, program, &actions, nil, arguments, environ)
        guard result == 0 else { throw Failure("cannot run \(program): \(String(cString: strerror(result)))") }
        return process
    }

    // MARK: Watching

    /// Ends when the node is well on its image; otherwise goes back, by a reboot.
    func watch(_ directory: BootDirectory = BootDirectory()) {
        setsid()
        guard !isWell(in: directory) else { return }
        let reason = directory.complaint ?? "it did not come far enough to say why"
        giveUp(directory, because: "not well within \(within) s: \(reason)")
        // In order where systemd can, and otherwise as by a power cut.
        kill(1, Self.rebootSignal)
        sleep(UInt32(Self.grace))
        Self.reboot()
    }

    /// Waits for the node to say that it is well.
    ///
    /// - Returns: false where it has not in time.
    private func isWell(in directory: BootDirectory) -> Bool {
        let end = Self.seconds() + within
        let changes = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        defer { close(changes) }
        let isWatched = changes >= 0 && inotify_add_watch(changes, directory.path, UInt32(IN_MOVED_TO)) >= 0
        while directory.record?.isOnTrial == true {
            let left = end - Self.seconds()
            guard left > 0 else { return false }
            // Without a watch of the directory it is looked at once, at the end.
            var event = pollfd(fd: isWatched ? changes : -1, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, Int32(clamping: left * 1000)) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 4096)
            while read(changes, &buffer, buffer.count) > 0 {}
        }
        return true
    }

    private static func seconds() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec
    }

    // MARK: Going back

    /// Records that the image is no good.
    func giveUp(_ directory: BootDirectory, because reason: String) {
        guard var record = directory.record else { return }
        record.giveUp(at: time(nil), because: reason)
        // Its try is used up: where this cannot be written, the next boot takes the image from before all the same.
        do { try directory.write(record) } catch { Report(log: -1).note("\(error)") }
    }

    /// Has libvirt start the container again. Returns only by failing.
    static func reboot() { _ = systemReboot(restartCommand) }
}
