import CloudInit
import Synchronization
import Systemd
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A machine whose root is a temporary directory, with a systemd in memory.
final class TestMachine: Sendable {
    let root: String
    let systemd = FakeSystemd()
    /// Whether files get owners, which only root can give.
    let setsOwners = Mutex(false)
    private let state = Mutex(State())

    private struct State {
        var lines: [String] = []
        var complaints: [String] = []
        var programs: [String] = []
        var hostname = "localhost"
        var readyCount = 0
        var connections = 0
    }

    init() throws {
        var template = Array("/tmp/node-setup-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXFailure("mkdtemp") }
        root = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(root) }

    var machine: System {
        var system = System(
            root: root,
            setsOwners: setsOwners.withLock { $0 },
            environment: ["COREOS_PRIVATE_IPV4": "10.0.0.7"],
            hostname: { [self] in state.withLock { $0.hostname } },
            setHostname: { [self] name in state.withLock { $0.hostname = name } },
            run: { [self] program, arguments, input in
                let line = ([program] + arguments).joined(separator: " ") + (input.isEmpty ? "" : " < \(input)")
                state.withLock { $0.programs.append(line) }
                if program == "useradd", let name = arguments.last { try addUser(name) }
            },
            connectToSystemd: { [self] () throws(SystemdError) in
                state.withLock { $0.connections += 1 }
                return systemd
            },
            notifyReady: { [self] () throws(SystemdError) in state.withLock { $0.readyCount += 1 } },
            say: { [self] line in state.withLock { $0.lines.append(line) } },
        )
        system.patience.pause = .milliseconds(1)
        system.patience.job = .seconds(20)
        return system
    }

    var lines: [String] { state.withLock { $0.lines } }
    var complaints: [String] { state.withLock { $0.complaints } }
    var programs: [String] { state.withLock { $0.programs } }
    var hostname: String { state.withLock { $0.hostname } }
    var readyCount: Int { state.withLock { $0.readyCount } }
    var connections: Int { state.withLock { $0.connections } }

    func forget() {
        state.withLock { ($0.lines, $0.complaints, $0.programs, $0.connections) = ([], [], [], 0) }
    }

    /// Applies a cloud-config without its header as `-from-file` would.
    func apply(_ body: String, _ flags: String...) async throws -> Int32 {
        try write("/user-data", "#cloud-config\n\(body)\n")
        return await run(["-from-file=\(root)/user-data"] + flags)
    }

    func run(_ arguments: [String]) async -> Int32 {
        await CloudInit(machine) { [self] line in
            LibraryWords.expectNone(in: line)
            state.withLock { $0.complaints.append(line) }
        }.run(arguments)
    }

    // MARK: Files

    func write(_ path: String, _ text: String) throws { try write(path, bytes: Array(text.utf8)) }

    func write(_ path: String, bytes: [UInt8]) throws {
        var directory = root
        for part in path.split(separator: "/").dropLast() {
            directory += "/\(part)"
            mkdir(directory, 0o755)
        }
        guard let file = fopen(root + path, "w") else { throw POSIXFailure("open \(path)") }
        defer { fclose(file) }
        fwrite(bytes, 1, bytes.count, file)
    }

    func read(_ path: String) -> String? {
        guard let file = fopen(root + path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    func mode(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(root + path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : nil
    }

    func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(root + path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func link(_ path: String, to target: String) { symlink(target, root + path) }

    func inode(_ path: String) -> UInt64? {
        var status = stat()
        return lstat(root + path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    private func addUser(_ name: String) throws {
        try write("/etc/passwd", (read("/etc/passwd") ?? "") + "\(name):x:1000:1000::/home/\(name):/bin/bash\n")
    }

    private static func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { remove("\(path)/\(name)") }
        }
        unlink(path)
        rmdir(path)
    }

    func names(in path: String) -> [String] { Self.names(in: root + path) }

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }
}
