import Basics
import Etcd
import FoundationEssentials
import Subprocess
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// An etcd of this host that holds a backup for a moment: to see that it can be restored, and to change what must not
/// come back. It listens on a socket in a directory of this user's alone, and ends with this process, however that
/// ends.
package struct ScratchEtcd: Sendable {
    /// Client of it.
    package let client: EtcdHTTPClient
    /// Its URL.
    package let endpoint: String

    /// Time for a restored etcd to answer.
    private static let startLimit = Duration.seconds(30)

    /// Ends the program when its standard input does, as it does with the process that holds the other end, and removes
    /// the directory of its sockets, which is `$0`.
    private static let guardScript = """
        "$@" >etcd.log 2>&1 </dev/null & etcd=$!
        echo $etcd >pid
        trap 'kill -KILL $etcd; exit' TERM
        read -r _ || true
        kill -KILL $etcd
        wait $etcd
        rm -rf "$0"
        """

    /// Restores a snapshot, starts etcd with it, and removes all of it afterwards.
    ///
    /// - Parameters:
    ///   - snapshot: path of a file as `etcdctl snapshot save` writes it.
    ///   - directory: of this user's alone, for etcd's data.
    /// - Throws: ``BackupError`` for a snapshot that is damaged, or that etcd does not start with.
    package static func with<Result: Sendable>(
        snapshot: String,
        in directory: String,
        programs: EtcdPrograms,
        _ body: @Sendable (ScratchEtcd) async throws -> Result,
    ) async throws -> Result {
        let data = "\(directory)/scratch"
        try? FileManager.default.removeItem(atPath: data)
        defer { try? FileManager.default.removeItem(atPath: data) }
        try await restore(snapshot, to: data, programs)
        return try await run(data, [], programs, body)
    }

    /// Starts etcd with what a member of another cluster had on its disk, as the only member there is. What the others
    /// had not agreed on is left out.
    ///
    /// - Parameter data: directory with the member's `member`; etcd writes into it.
    /// - Throws: ``BackupError`` for data that etcd does not start with.
    package static func with<Result: Sendable>(
        data: String,
        programs: EtcdPrograms,
        _ body: @Sendable (ScratchEtcd) async throws -> Result,
    ) async throws -> Result {
        try await run(data, ["--force-new-cluster", "--enable-v2"], programs, body)
    }

    private static func run<Result: Sendable>(
        _ data: String,
        _ more: [String],
        _ programs: EtcdPrograms,
        _ body: @Sendable (ScratchEtcd) async throws -> Result,
    ) async throws -> Result {
        // A socket's path has to be short.
        let sockets = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(atPath: sockets) }
        let socket = "\(sockets)/localhost:1"
        let endpoint = "http+unix://\(PercentEncoding.encode(socket))"
        let scratch = ScratchEtcd(
            client: EtcdHTTPClient(endpoints: [endpoint], requestTimeout: .seconds(10)),
            endpoint: endpoint,
        )
        let arguments =
            ["-c", guardScript, sockets] + programs.etcd + [
                "--name=scratch", "--data-dir=\(data)", "--listen-client-urls=unix://localhost:1",
                "--advertise-client-urls=http://localhost:1", "--listen-peer-urls=unix://localhost:2",
                "--heartbeat-interval=10", "--election-timeout=100",
                "--quota-backend-bytes=8589934592", "--log-level=warn", "--logger=zap",
            ] + more
        return try await Subprocess.run(
            .path("/bin/sh"),
            arguments: Arguments(arguments),
            environment: environment,
            workingDirectory: FilePath(sockets),
            platformOptions: options,
            input: .inputWriter,
            output: .discarded,
            error: .discarded,
        ) { _ in
            try await scratch.awaitHealth(in: sockets)
            return try await body(scratch)
        }.closureResult
    }

    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
        return options
    }

    /// A setting of etcd's in the environment of a person would count here as well.
    private static let environment = Environment.custom(["PATH": "/usr/bin:/bin", "ETCDCTL_API": "3", "LC_ALL": "C"])

    /// Checks the snapshot's hash, and makes a member's data of it.
    private static func restore(_ snapshot: String, to data: String, _ programs: EtcdPrograms) async throws {
        let command =
            programs.restorer + [
                "snapshot", "restore", snapshot, "--name=scratch", "--initial-cluster=scratch=http://localhost:2",
                "--initial-advertise-peer-urls=http://localhost:2", "--initial-cluster-token=scratch",
                "--data-dir=\(data)",
            ]
        let result = try await Subprocess.run(
            .path(FilePath(command[0])),
            arguments: Arguments(Array(command.dropFirst())),
            environment: environment,
            platformOptions: options,
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16),
        )
        guard result.terminationStatus.isSuccess else {
            let said = (result.standardError + result.standardOutput).trimmed
            throw BackupError("etcd's snapshot cannot be restored: \(said)")
        }
    }

    private static func temporaryDirectory() throws -> String {
        var template = Array("/tmp/slipway-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure("make a directory in /tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func awaitHealth(in directory: String) async throws {
        let deadline = ContinuousClock.now + Self.startLimit
        var last = "it has no leader"
        while ContinuousClock.now < deadline {
            if Self.hasEnded(in: directory) {
                last = "it has ended"
                break
            }
            do throws(EtcdError) {
                if try await client.health(of: endpoint) { return }
            } catch {
                last = "\(error)"
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        let log = (try? String(contentsOfFile: "\(directory)/etcd.log", encoding: .utf8)) ?? ""
        throw BackupError("an etcd that was given these data does not answer: \(Self.reason(in: log) ?? last)")
    }

    /// Reason for which etcd ended, by its own log; nil where it gives none. The traces of its threads help nobody.
    static func reason(in log: String) -> String? {
        struct Line: Decodable {
            var level: String
            var msg: String
            var error: String?
        }
        for line in log.split(whereSeparator: \.isNewline) {
            if let said = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)) {
                guard ["panic", "fatal"].contains(said.level) else { continue }
                return said.error.map { "\(said.msg): \($0)" } ?? said.msg
            }
            // Its older logger's form: time, C for critical, and the package.
            if let critical = line.firstRange(of: " C | ") { return String(line[critical.upperBound...]) }
        }
        return log.split(whereSeparator: \.isNewline).last { $0.hasPrefix("panic: ") }.map(String.init)
    }

    /// Returns whether the etcd there has ended, and waits for the shell that began it (proc(5), state Z).
    private static func hasEnded(in directory: String) -> Bool {
        guard let pid = try? WholeFile.text(of: "\(directory)/pid"), pid.hasSuffix("\n"),
            let stat = try? WholeFile.text(of: "/proc/\(pid.dropLast())/stat")
        else { return false }
        return stat.split(separator: ")").last?.hasPrefix(" Z") ?? false
    }

    // MARK: What it holds

    /// Revision of the store, and how many keys it has.
    package func contents() async throws -> (revision: Int64, keys: Int64) {
        let all = try await client.range(RangeRequest(.prefix(""), limit: 1, keysOnly: true))
        return (all.revision, all.count)
    }

    /// Writes a snapshot of it to a file.
    package func save(to path: String, within limit: Duration) async throws {
        try await SnapshotFile.write(path) { take in
            try await client.snapshot(of: endpoint, within: limit, take)
        }
    }
}
