import Basics
import FileErrors
import FoundationEssentials
import Subprocess
import SystemPackage
import TopologyModel

/// Runs commands on nodes through the host's own ssh.
package struct SSHClient: Sendable {
    /// The file with Slipway's private key.
    package let identityFile: FilePath
    /// File of host keys for ssh; one for each cluster.
    package let knownHostsFile: FilePath
    /// `ProxyCommand` of ssh for nodes of another host; nil for direct connections.
    package let proxyCommand: String?

    package init(identityFile: FilePath, knownHostsFile: FilePath, proxyCommand: String? = nil) {
        self.identityFile = identityFile
        self.knownHostsFile = knownHostsFile
        self.proxyCommand = proxyCommand
    }

    /// Writes the known hosts of a cluster, so that ssh never has to trust a first answer.
    package func writeKnownHosts(_ targets: [SSHTarget]) throws(SSHError) {
        let lines = targets.map { "\($0.address),\($0.node) \($0.hostKey)\n" }
        let directory = knownHostsFile.removingLastComponent().string
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try AtomicFile.write(lines.joined(), to: knownHostsFile.string)
        } catch {
            throw SSHError(.secret, "the host keys could not be written to \(knownHostsFile)", cause: error.plainReason)
        }
    }

    /// Seconds in which a node greets. An emulated one on a busy host took more than 5, with its port long open; one that
    /// is not there at all is told of by the network before.
    package static let patience = 30

    /// ssh's options for a node: this key and no other, the host key as derived, no questions.
    package func options(connectTimeout: Int = SSHClient.patience) -> [String] {
        [
            "-F", "none",
            "-o", "IdentityFile=\(SSHPath.quoted(identityFile))",
            "-o", "IdentitiesOnly=yes",
            "-o", "UserKnownHostsFile=\(SSHPath.quoted(knownHostsFile))",
            "-o", "GlobalKnownHostsFile=none",
            "-o", "StrictHostKeyChecking=yes",
            "-o", "UpdateHostKeys=no",
            "-o", "ConnectTimeout=\(connectTimeout)",
            "-o", "ServerAliveInterval=10",
            "-o", "LogLevel=ERROR",
        ] + (proxyCommand.map { ["-o", "ProxyCommand=\($0)"] } ?? [])
    }

    /// The whole command line that runs `command` on the node; an empty command is a login shell.
    ///
    /// - Parameter connectTimeout: how long the node may take until it has greeted, in seconds.
    package func arguments(
        for target: SSHTarget,
        command: [String],
        batch: Bool,
        connectTimeout: Int = SSHClient.patience,
    ) -> [String] {
        let mode = batch ? ["-o", "BatchMode=yes"] : []
        return options(connectTimeout: connectTimeout) + mode + ["\(target.user)@\(target.address)"]
            + (command.isEmpty ? [] : ["--"] + command)
    }

    /// Output and exit status of a command on a node.
    package struct Output: Sendable, Hashable {
        /// 255 when ssh itself failed.
        package var exitCode: Int
        /// Standard output.
        package var standardOutput: String
        /// Standard error.
        package var standardError: String

        package init(exitCode: Int, standardOutput: String = "", standardError: String = "") {
            self.exitCode = exitCode
            self.standardOutput = standardOutput
            self.standardError = standardError
        }
    }

    /// Runs one shell command on the node.
    ///
    /// - Parameter input: path of a file of this host that the command reads; nil for none.
    /// - Throws: ``SSHError`` with `.deadline` when it has not ended in time (it may still run on the node), with
    ///   `.connection` when ssh did not get through. A command that fails is a normal result.
    package func run(
        _ command: String,
        input: String? = nil,
        on target: SSHTarget,
        deadline: Duration,
    ) async throws -> Output {
        // A node with much to do, or an emulated one, greets late: it has the time that the command has.
        let patience = Int(min(max(deadline.components.seconds, 5), 60))
        let arguments = arguments(for: target, command: [command], batch: true, connectTimeout: patience)
        let output = try await withDeadline(deadline) {
            let result = try await Subprocess.run(
                .name("ssh"),
                arguments: Arguments(arguments),
                input: .fileDescriptor(
                    try FileDescriptor.open(FilePath(input ?? "/dev/null"), .readOnly),
                    closeAfterSpawningProcess: true,
                ),
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 16),
            )
            let code = if case .exited(let code) = result.terminationStatus { Int(code) } else { 255 }
            return Output(
                exitCode: code,
                standardOutput: result.standardOutput,
                standardError: result.standardError,
            )
        }
        guard let output else {
            throw SSHError(.deadline, "'\(command)' on \(target.node) has not ended after \(deadline)")
        }
        guard output.exitCode != 255 else {
            let said = output.standardError.trimmingSuffix(while: \.isNewline)
            throw SSHError(.connection, "ssh to \(target.node) (\(target.address)) failed", cause: said)
        }
        return output
    }

    /// Runs one shell command on the node, and writes what it prints to a file of this host, which is made for this user
    /// alone.
    ///
    /// - Throws: ``SSHError`` with `.deadline` when it has not ended in time, with `.connection` when ssh did not get
    ///   through or the command failed.
    package func save(_ command: String, on target: SSHTarget, to path: String, deadline: Duration) async throws {
        let result = try await withDeadline(deadline) {
            try await Subprocess.run(
                .name("ssh"),
                arguments: Arguments(arguments(for: target, command: [command], batch: true)),
                input: .none,
                output: .fileDescriptor(
                    try FileDescriptor.open(
                        FilePath(path),
                        .writeOnly,
                        options: [.create, .truncate],
                        permissions: [.ownerReadWrite],
                    ),
                    closeAfterSpawningProcess: true,
                ),
                error: .string(limit: 1 << 16),
            )
        }
        guard let result else {
            throw SSHError(.deadline, "'\(command)' on \(target.node) has not ended after \(deadline)")
        }
        guard !result.terminationStatus.isSuccess else { return }
        let said = result.standardError.trimmingSuffix(while: \.isNewline)
        throw SSHError(.connection, "'\(command)' on \(target.node) (\(target.address)) failed", cause: said)
    }

    /// Runs one shell command on the node for as long as it takes, and hands each line that it prints to `take`.
    ///
    /// - Throws: ``SSHError`` with `.connection` when ssh did not get through or the command failed.
    package func lines(
        of command: String,
        on target: SSHTarget,
        _ take: @escaping @Sendable (String) -> Void,
    ) async throws {
        let result = try await Subprocess.run(
            .name("ssh"),
            arguments: Arguments(arguments(for: target, command: [command], batch: true)),
            input: .none,
            output: .sequence,
            error: .string(limit: 1 << 16),
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                take(line.trimmingSuffix(while: \.isNewline))
            }
        }
        try Task.checkCancellation()
        guard !result.terminationStatus.isSuccess else { return }
        let said = result.standardError.trimmingSuffix(while: \.isNewline)
        throw SSHError(.connection, "'\(command)' on \(target.node) (\(target.address)) failed", cause: said)
    }
}

/// A node as ssh must know it.
package struct SSHTarget: Sendable, Hashable {
    /// The node's name, for messages.
    package var node: String
    /// Address of the node.
    package var address: IPv4Address
    /// User to log in as.
    package var user: String
    /// The node's host key: type, base64, comment.
    package var hostKey: String

    package init(node: String, address: IPv4Address, user: String = "core", hostKey: String) {
        self.node = node
        self.address = address
        self.user = user
        self.hostKey = hostKey
    }
}

/// Paths as ssh's options must be given them: white space parts a list, and `%` begins a token.
enum SSHPath {
    static func quoted(_ path: FilePath) -> String {
        let text = path.string.replacing("%", with: "%%")
        return text.contains(where: \.isWhitespace) ? "\"\(text)\"" : text
    }
}
