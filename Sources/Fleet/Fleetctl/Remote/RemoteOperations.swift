import Basics
import FleetAPI
import Scheduling
import UnitFiles

/// Operations on the machines themselves: through ssh, or directly on this one.
package struct RemoteOperations: Sendable {
    let context: FleetContext
    var port: Int?
    var forwardsAgent = false

    package init(_ context: FleetContext, port: Int? = nil, forwardsAgent: Bool = false) {
        self.context = context
        self.port = port
        self.forwardsAgent = forwardsAgent
    }

    /// Shows what systemd says of each unit.
    ///
    /// - Returns: the worst exit code; 3, as of systemctl, for a unit that is on no machine.
    package func status(_ typed: [String]) async throws -> Int32 {
        var worst: Int32 = 0
        for name in typed.map(UnitName.completed) {
            guard let unit = try await context.client.unit(name) else {
                context.console.err("\(Self.unknown(name))")
                worst = max(worst, 1)
                continue
            }
            let machines = try await machineIDs(of: unit)
            if !machines.isEmpty, let reason = unit.statusReason {
                context.console.err("Unit \(name) is not \(unit.target.rawValue): \(reason)")
            }
            if machines.isEmpty { worst = max(worst, tellUnplaced(unit)) }
            for machine in machines {
                let code = try await run(["systemctl", "status", "-l", name], on: machine)
                worst = max(worst, code)
            }
        }
        return worst
    }

    /// Shows the log of a unit; of a global one, the log of this machine's or else of the first that runs it.
    package func journal(
        _ typed: String,
        lines: Int,
        output: String,
        follows: Bool,
        usesSudo: Bool,
    ) async throws -> Int32 {
        let name = UnitName.completed(typed)
        let unit = try await unit(called: name)
        let machines = try await machineIDs(of: unit)
        guard let machine = machines.first(where: { $0 == context.localMachineID }) ?? machines.first else {
            return tellUnplaced(unit)
        }
        var command = ["journalctl", "--unit", name, "--no-pager", "-n", String(lines), "--output", output]
        if follows { command.append("-f") }
        let words = (usesSudo ? ["sudo"] : []) + command
        if machine == context.localMachineID {
            return try await context.runner.become(words[0], Array(words.dropFirst()))
        }
        var call = try await sshCommand(to: machine, words)
        call.needsTerminal = follows
        return try await context.runner.become("ssh", call.arguments)
    }

    /// Limit for reading a log along with something else: longer than ssh's own for connecting, which names the cause.
    private static let logLimit = Duration.seconds(15)

    /// The last lines of a unit's log on a machine, with those that the journal is still about to write: why a unit failed
    /// stands in the very last ones.
    func lastLines(_ count: Int, of unit: String, on machine: String) async throws -> [Substring] {
        let read = "journalctl --unit \(ShellWord.quoted(unit)) --no-pager -q -n \(count) --output short"
        // Only root may ask the journal to write; what it has written all may read who read it before.
        let command = ["sh", "-c", "sudo -n journalctl --sync 2>/dev/null; exec \(read)"]
        var (program, arguments) = (command[0], Array(command.dropFirst()))
        if machine != context.localMachineID {
            var call = try await sshCommand(to: machine, command)
            call.isInteractive = false
            (program, arguments) = ("ssh", call.arguments)
        }
        let log = try await context.runner.output(of: program, arguments, within: Self.logLimit)
        return log.split(whereSeparator: \.isNewline)
    }

    /// Opens a shell, or runs a command, on a machine, given by the beginning of its id or by a unit on it.
    package func shell(machine: String?, unit: String?, target: String?, _ command: [String]) async throws -> Int32 {
        let id = try await resolve(machine: machine, unit: unit, target: target)
        var call = try await sshCommand(to: id, command)
        (call.isShellText, call.takesInput) = (true, true)
        return try await context.runner.become("ssh", call.arguments)
    }

    // MARK: Finding

    private func resolve(machine: String?, unit: String?, target: String?) async throws -> String {
        if let machine { return try await machineID(startingWith: machine).orThrow(machine) }
        if let unit { return try await machineID(of: unit) }
        guard let target else { throw FleetctlError(.usage, "name a machine or a unit to ssh to") }
        let byMachine = try await machineID(startingWith: target)
        let byUnit = try await context.client.unit(UnitName.completed(target))
        if byMachine != nil, byUnit != nil {
            throw FleetctlError(.usage, "\(target) is both a machine and a unit; say --machine or --unit")
        }
        if byUnit != nil { return try await machineID(of: target) }
        return try byMachine.orThrow(target)
    }

    private func machineID(startingWith prefix: String) async throws -> String? {
        let found = try await context.client.machines().map(\.id).filter { $0.hasPrefix(prefix) }
        guard found.count < 2 else {
            throw FleetctlError(.usage, "\(found.count) machines have ids that start with \(prefix); give more of it")
        }
        return found.first
    }

    private func machineID(of typed: String) async throws -> String {
        let unit = try await unit(called: UnitName.completed(typed))
        guard let id = try await machineIDs(of: unit).first else {
            let reason = unit.statusReason.map { ": \($0)" } ?? ""
            throw FleetctlError(.notPlaced, "unit \(unit.name) is on no machine\(reason)")
        }
        return id
    }

    private func unit(called name: String) async throws -> APIUnit {
        guard let unit = try await context.client.unit(name) else { throw Self.unknown(name) }
        return unit
    }

    private static func unknown(_ name: String) -> FleetctlError {
        FleetctlError(.notFound, "Unit \(name) does not exist. fleetctl list-unit-files shows those that do")
    }

    /// The machines that have the unit: one, or for a global unit all that report it.
    private func machineIDs(of unit: APIUnit) async throws -> [String] {
        if let id = unit.machineID, !id.isEmpty { return [id] }
        guard unit.isGlobal else { return [] }
        return try await context.client.states(of: unit.name).compactMap(\.machineID).sorted()
    }

    private func tellUnplaced(_ unit: APIUnit) -> Int32 {
        context.console.out("Unit \(unit.name) is on no machine; it is to be \(unit.target.rawValue)")
        if let reason = unit.statusReason { context.console.out("Reason: \(reason)") }
        return 3
    }

    // MARK: Running

    private func run(_ command: [String], on machine: String) async throws -> Int32 {
        if machine == context.localMachineID {
            return try await context.runner.run(command.first ?? "true", Array(command.dropFirst()))
        }
        return try await context.runner.run("ssh", try await sshCommand(to: machine, command).arguments)
    }

    private func sshCommand(to id: String, _ command: [String]) async throws -> SSHCommand {
        guard let machine = try await context.client.machines().first(where: { $0.id == id }) else {
            throw FleetctlError(.notFound, "machine \(id.prefix(8)) has left the cluster")
        }
        guard let address = machine.primaryIP, !address.isEmpty else {
            throw FleetctlError(.notFound, "machine \(id.prefix(8)) has not published its address (public_ip)")
        }
        var call = SSHCommand(
            context.settings.ssh,
            host: address,
            port: port,
            command: command,
            isInteractive: context.isInteractive,
        )
        call.forwardsAgent = forwardsAgent
        return call
    }
}

extension String? {
    fileprivate func orThrow(_ typed: String) throws -> String {
        guard let self else {
            throw FleetctlError(.notFound, "\(typed) is neither the beginning of a machine's id nor a unit")
        }
        return self
    }
}
