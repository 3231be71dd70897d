import Basics

/// The command line of one call of OpenSSH.
package struct SSHCommand: Sendable, Hashable {
    /// Settings of ssh.
    package var settings: SSHSettings
    /// Name or address to connect to.
    package var host: String
    /// Port of the server; nil for ssh's own.
    package var port: Int?
    /// Command to run there; empty for a shell.
    package var command: [String]
    /// True where the command's arguments are joined for the remote shell, as ssh does it; false where each arrives as
    /// it is.
    package var isShellText = false
    /// True where it reads this process's input.
    package var takesInput = false
    /// True to forward the agent.
    package var forwardsAgent = false
    /// True where the process has a terminal: ssh may then ask.
    package var isInteractive: Bool
    /// True where the command needs a terminal of its own, so that Ctrl-C ends it there too.
    package var needsTerminal = false

    package init(
        _ settings: SSHSettings,
        host: String,
        port: Int? = nil,
        command: [String] = [],
        isInteractive: Bool = false,
    ) {
        self.settings = settings
        self.host = host
        self.port = port
        self.command = command
        self.isInteractive = isInteractive
    }

    /// The arguments of `ssh`.
    package var arguments: [String] {
        var arguments = common
        if let port { arguments += ["-p", String(port)] }
        if let tunnel = settings.tunnel, !isDestination(tunnel) { arguments += ["-J", jump(through: tunnel)] }
        if forwardsAgent { arguments.append("-A") }
        if needsTerminal, isInteractive {
            arguments.append("-t")
        } else if !takesInput {
            arguments.append("-n")
        }
        return arguments + ["--", host] + (isShellText ? command : command.map(ShellWord.quoted))
    }

    /// The arguments that forward a local unix socket to `target`, a socket's path or host:port, through the tunnel
    /// host until ssh is ended.
    package static func forwarding(
        _ socket: String,
        to target: String,
        through tunnel: String,
        _ settings: SSHSettings,
        isInteractive: Bool,
    ) -> [String] {
        let (host, port) = split(tunnel)
        var call = SSHCommand(settings, host: host, port: port, isInteractive: isInteractive)
        call.settings.tunnel = nil
        call.takesInput = true
        let forward = ["-N", "-T", "-o", "ExitOnForwardFailure=yes", "-L", "\(socket):\(target)"]
        return forward + call.arguments
    }

    private var common: [String] {
        var arguments: [String] = []
        if let config = settings.config { arguments += ["-F", config] }
        if let user { arguments += ["-l", user] }
        arguments += options.flatMap { ["-o", $0] }
        return arguments
    }

    private var user: String? { settings.username ?? (settings.config == nil ? "core" : nil) }

    private var options: [String] {
        var options = ["ConnectTimeout=\(max(1, Int(settings.timeout.rounded(.up))))"]
        if let file = settings.knownHosts { options.append("UserKnownHostsFile=\(file)") }
        if !settings.isStrict {
            options.append("StrictHostKeyChecking=no")
        } else if settings.config == nil {
            options.append("StrictHostKeyChecking=accept-new")
        }
        if !isInteractive { options += ["BatchMode=yes", "LogLevel=ERROR"] }
        return options
    }

    /// Returns whether the tunnel host is the destination itself, which ssh refuses.
    private func isDestination(_ tunnel: String) -> Bool {
        let (name, port) = Self.split(tunnel.split(separator: "@").last.map(String.init) ?? tunnel)
        return name.lowercased() == host.lowercased() && (port ?? Self.standardPort) == (self.port ?? Self.standardPort)
    }

    private static let standardPort = 22

    private func jump(through tunnel: String) -> String {
        tunnel.contains("@") ? tunnel : user.map { "\($0)@\(tunnel)" } ?? tunnel
    }

    /// Host and port of `host`, `host:22` or `[::1]:22`.
    static func split(_ tunnel: String) -> (host: String, port: Int?) {
        guard let colon = tunnel.lastIndex(of: ":"), let port = Int(tunnel[colon...].dropFirst()) else {
            return (tunnel, nil)
        }
        let host = tunnel[..<colon]
        // More than one colon outside brackets is an IPv6 address without a port.
        if host.contains(":"), !host.hasSuffix("]") { return (tunnel, nil) }
        return (host.filter { $0 != "[" && $0 != "]" }, port)
    }
}
