import Basics
import FileErrors
import FoundationEssentials
import Subprocess
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A connection to libvirt's host, through which its nodes are reached as from there: a SOCKS server on this host's
/// loopback (`ssh -D`), and a control socket for the logins.
///
/// It stands as long as the process: ssh ends when nothing more can come on its standard input, however the process
/// ends. Who else has a login on this host could go through it meanwhile.
package final class SSHGateway: Sendable {
    /// Of the SOCKS server on 127.0.0.1.
    package let port: Int
    /// Socket of ssh's master connection.
    package let controlPath: String
    private let running: Task<Void, Never>

    private static let limit = Duration.seconds(20)
    private static let word = "slipway-reaches-you"

    private init(port: Int, controlPath: String, running: Task<Void, Never>) {
        self.port = port
        self.controlPath = controlPath
        self.running = running
    }

    deinit { running.cancel() }

    /// Connects.
    ///
    /// - Parameter directory: where the control socket may be made; for its owner alone.
    /// - Throws: ``SSHError`` with what ssh said.
    package static func open(_ jump: SSHJump, directory: FilePath) async throws -> SSHGateway {
        do {
            try FileManager.default.createDirectory(
                atPath: directory.string,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700],
            )
        } catch {
            throw SSHError(
                .connection,
                "\(directory) cannot be made for a connection's socket",
                cause: error.plainReason
            )
        }
        let control = directory.appending("\(getpid())").string
        // Left by another process of that number.
        unlink(control)
        let port = try freePort()
        let (news, tell) = AsyncStream.makeStream(of: String?.self)
        let arguments = arguments(jump, port: port, control: control)
        let running = Task {
            let stood = Atomic(false)
            let end = await run(jump.program, arguments) {
                stood.store(true, ordering: .relaxed)
                tell.yield(nil)
            }
            tell.yield(end)
            tell.finish()
            // One that stood is made again, at the same port: the network may have been away.
            while stood.load(ordering: .relaxed), !Task.isCancelled {
                do { try await Task.sleep(for: .seconds(1)) } catch { return }
                _ = await run(jump.program, arguments) {}
            }
        }
        let gateway = SSHGateway(port: port, controlPath: control, running: running)
        let late = "it has said nothing for \(limit)"
        let failure =
            await withDeadline(limit) { () -> String? in
                for await end in news { return end }
                return late
            } ?? late
        if let failure { throw SSHError(.connection, "ssh to libvirt's host \(jump.host) failed", cause: failure) }
        return gateway
    }

    private static func arguments(_ jump: SSHJump, port: Int, control: String) -> [String] {
        jump.options + [
            "-a", "-x", "-T", "-D", "127.0.0.1:\(port)", "-o", "ExitOnForwardFailure=yes", "-o", "ControlMaster=yes",
            "-o", "ControlPath=\(control)", "-o", "ControlPersist=no", "-o", "RemoteCommand=none", "--", jump.host,
            "echo \(word) && exec cat",
        ]
    }

    /// Runs ssh until it ends. Returns what it said last.
    private static func run(_ program: String, _ arguments: [String], onReady: () -> Void) async -> String {
        do {
            let (input, held) = try pair()
            defer { close(held.rawValue) }
            var options = PlatformOptions()
            // A Ctrl-C is for the command, which may have things to remove on the nodes before it ends.
            options.createSession = true
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
            let result = try await Subprocess.run(
                program.contains("/") ? .path(FilePath(program)) : .name(program),
                arguments: Arguments(arguments),
                platformOptions: options,
                input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .sequence,
                error: .string(limit: 64 << 10),
            ) { execution in
                for try await line in execution.standardOutput.strings() where line.contains(word) { onReady() }
            }
            let said = result.standardError.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
            return said.isEmpty ? "it ended (\(result.terminationStatus))" : said
        } catch {
            return "\(error)"
        }
    }

    /// Two sockets that no other program inherits.
    private static func pair() throws -> (FileDescriptor, FileDescriptor) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        return (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }

    /// A port of the loopback interface without a listener.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 ? getsockname(descriptor, $0, &size) : -1
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
