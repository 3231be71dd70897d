import Foundation
import Synchronization

/// A program started by a test, which does not outlive the test process, however that ends.
///
/// A shell stands between: it takes signal names on its standard input, and when that closes, because the test closed
/// it or because the test process is gone, it kills the program. When the test process is gone it also removes
/// `scratch`.
package final class GuardedProcess: Sendable {
    /// Standard output and error of the program.
    package let log: String
    private let shell: pid_t
    private let control: Mutex<Int32?>

    private static let guardScript = #"""
        scratch=$1; shift
        "$@" & pid=$!
        while read -r signal; do
            case $signal in
                quit) scratch=; continue ;;
                *) kill -s "$signal" "$pid" ;;
            esac
            # The kernel stops a program's threads one after the other, and some may answer somebody meanwhile.
            while [ "$signal" = STOP ] && grep -sL '^State:.T' "/proc/$pid/task/"*/status | grep -q .; do :; done
            echo "$signal" >&0
        done
        kill -s KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        [ -z "$scratch" ] || rm -rf "$scratch"
        """#

    /// Starts a program whose output goes to a file.
    package init(
        _ arguments: [String],
        log: String,
        scratch: String = "",
        environment: [String: String] = [:],
    ) throws {
        self.log = log
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw POSIXFailure("socketpair") }
        defer { close(ends[0]) }
        let command = ["/bin/sh", "-c", Self.guardScript, "guard", scratch] + arguments
        do {
            shell = try Self.spawn(command, input: ends[0], log: log, environment: environment)
        } catch {
            close(ends[1])
            throw error
        }
        control = Mutex(ends[1])
    }

    deinit { stop() }

    /// Sends a signal by name: `TERM`, `CONT`, …, and returns when it is sent; after `STOP`, when the program stands.
    package func signal(_ name: String) {
        control.withLock { control in
            guard let control else { return }
            Self.tell(name, control)
            // Far more than a program takes to stand; a test that goes on without its answer fails by itself.
            var limit = timeval(tv_sec: 30, tv_usec: 0)
            setsockopt(control, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var answer = [UInt8](repeating: 0, count: name.utf8.count + 1)
            while recv(control, &answer, answer.count, Int32(MSG_WAITALL)) == -1, errno == EINTR {}
        }
    }

    private static func tell(_ line: String, _ control: Int32) {
        let bytes = Array((line + "\n").utf8)
        _ = send(control, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Kills the program (SIGKILL) and waits for its end. Does nothing the second time.
    package func stop() {
        let open = control.withLock { $0.take() }
        guard let open else { return }
        Self.tell("quit", open)
        shutdown(open, Int32(SHUT_RDWR))
        close(open)
        var status: Int32 = 0
        while waitpid(shell, &status, 0) == -1, errno == EINTR {}
    }

    /// The last lines the program wrote.
    package func logTail(_ lines: Int = 20) -> String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    private static func spawn(
        _ command: [String],
        input: Int32,
        log: String,
        environment: [String: String],
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        try unblockSignals(&attributes)
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var pid: pid_t = 0
        let code = withCStrings(command) { argv in
            withCStrings(merged.map { "\($0)=\($1)" }) { envp in
                posix_spawn(&pid, command[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw POSIXFailure("start \(command[0])", code: code) }
        return pid
    }

    /// Swift's worker threads run with most signals blocked, and a shell that inherits a blocked SIGCHLD waits for
    /// ever.
    private static func unblockSignals(_ attributes: inout posix_spawnattr_t) throws {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        guard posix_spawnattr_setflags(&attributes, flags) == 0 else { throw POSIXFailure("posix_spawnattr") }
    }
}

private func withCStrings<T>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T) -> T {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}
