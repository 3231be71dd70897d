import CloudConfig
import Systemd

/// Does to the machine what a plan says, effect by effect.
package struct SetupExecutor {
    let system: System
    let files: NodeFiles
    private var manager: (any SystemdManager)?
    /// True when systemd has ever answered: what has never been there is not waited for.
    private var hasAnswered = false
    /// Units whose start failed because of a unit that they need, and what was to be done with them.
    private var dependents: [(command: CloudConfig.UnitCommand, unit: String)] = []
    private(set) var unitEdits: [UnitFileEdit] = []
    var hasNetworkEdits = false
    /// Units that run with what was taken back, once systemd has read their files again.
    var stale: [String] = []
    /// Store of the originals of replaced files; nil where nothing is recorded.
    private(set) var manifests: ManifestStore?
    /// Paths that are this program's already: what is there is no original.
    private var ownPaths: Set<String> = []
    /// Jobs that systemd carried out without success, such as `start web.service: failed`.
    package private(set) var failedJobs: [String] = []
    /// Effect that is being carried out, or failed.
    private(set) var current: Effect?
    /// Failures of ``performAll(_:)``.
    private(set) var failures: [Failure] = []

    /// An effect that could not be carried out, and why.
    struct Failure {
        var effect: Effect
        var error: NodeSetupError
    }

    /// There while unit files were changed that systemd may not have read.
    private static let reloadMark = "/run/coreos-cloudinit/reload"

    /// Creates an executor for one machine.
    package init(_ system: System) {
        self.system = system
        files = system.files
    }

    /// Keeps what was at the paths that are not this program's yet.
    mutating func keepOriginals(in manifests: ManifestStore, own: Set<String>) {
        self.manifests = manifests
        ownPaths = own
    }

    /// Carries out effects in order; the first that fails is thrown.
    package mutating func perform(_ effects: [Effect]) async throws(NodeSetupError) {
        for effect in effects {
            current = effect
            try await perform(effect)
        }
        current = nil
    }

    /// Carries out effects in order, and goes on past those that fail as long as the others can do without: a machine
    /// with one file less can still be reached.
    mutating func performAll(_ effects: [Effect]) async throws(NodeSetupError) {
        for effect in effects {
            do {
                try await perform([effect])
            } catch  where effect.isForItself {
                failures.append(Failure(effect: effect, error: error))
            }
        }
        current = nil
    }

    private mutating func perform(_ effect: Effect) async throws(NodeSetupError) {
        switch effect {
        case .setHostname(let name): try setHostname(name)
        case .ensureUser(let user): try await ensure(user)
        case .authorizeKeys(let user, let name, let keys): try authorize(keys, name: name, user: user)
        case .writeFile(let path, let content, let owner, let mode):
            try writeFile(path, content, owner: owner, mode: mode)
        case .setVariables(let path, let template, let variables):
            try setVariables(variables, path: path, template: template)
        case .writeUnit(let path, let content): try writeUnit(path, content)
        case .writeNetworkUnit(let path, let content): try writeNetworkUnit(path, content)
        case .mask(let path): try mask(path)
        case .unmask(let path): try unmask(path)
        case .enable(let unit, let runtime): try await enable(unit, runtime: runtime)
        case .reloadSystemd: try await reloadSystemd()
        case .restartNetworkd: try await restartNetworkd()
        case .run(let command, let unit, let isOptional):
            try await run(command, unit, isOptional: isOptional)
        case .takeBack(let item): try await takeBack(item)
        case .unlockUser(let user): try await unlock(user)
        case .joinGroups(let user, let groups): try await join(groups, user)
        case .note(let text): system.say(text)
        }
    }

    // MARK: Hostname and users

    private func setHostname(_ name: String) throws(NodeSetupError) {
        let isWritten = try files.write("/etc/hostname", Array("\(name)\n".utf8))
        let isOther = system.hostname() != name
        if isOther { try system.setHostname(name) }
        if isWritten || isOther { system.say("hostname is \(name)") }
    }

    private func ensure(_ user: CloudConfig.User) async throws(NodeSetupError) {
        let accounts = Accounts(files)
        guard try accounts.user(user.name) != nil else { return try await make(user, accounts) }
        guard let hash = user.passwd, try accounts.password(of: user.name) != hash else { return }
        try await call("chpasswd", ["-e"], input: "\(user.name):\(hash)")
        system.say("password of \(user.name) set")
    }

    /// Makes a user with the groups that there are; useradd refuses one with any other.
    private func make(_ wanted: CloudConfig.User, _ accounts: Accounts) async throws(NodeSetupError) {
        var user = wanted
        let missing = try missingGroups(wanted.groups + (wanted.primaryGroup.map { [$0] } ?? []), accounts)
        user.groups.removeAll(where: missing.contains)
        if let group = user.primaryGroup, missing.contains(group) { user.primaryGroup = nil }
        if user.primaryGroup == nil, !user.noUserGroup, try accounts.hasGroup(user.name) {
            user.primaryGroup = user.name
        }
        let hasSudo = try accounts.hasGroup("sudo")
        try await call("useradd", UserCommand.arguments(for: user, hasSudo: hasSudo))
        system.say("user \(user.name) made")
        try refuse(missing, user.name)
    }

    func missingGroups(_ groups: [String], _ accounts: Accounts) throws(NodeSetupError) -> [String] {
        var missing: [String] = []
        for group in groups where UInt32(group) == nil && !missing.contains(group) {
            if try !accounts.hasGroup(group) { missing.append(group) }
        }
        return missing
    }

    func refuse(_ missing: [String], _ user: String) throws(NodeSetupError) {
        guard !missing.isEmpty else { return }
        let groups = missing.map { "\"\($0)\"" }.joined(separator: ", ")
        throw NodeSetupError(.account, "there is no group \(groups) to put user \(user) into")
    }

    private func authorize(_ keys: [String], name: String, user: String) throws(NodeSetupError) {
        guard let account = try Accounts(files).user(user) else {
            throw NodeSetupError(.account, "there is no user \(user) to give keys to")
        }
        guard try AuthorizedKeys(files: files, account: account).set(keys, name: name) else { return }
        system.say("\(keys.count) ssh keys of \(user) set")
    }

    func call(_ program: String, _ arguments: [String], input: String = "")
        async throws(NodeSetupError)
    {
        do {
            try await system.run(program, arguments, input)
        } catch let error as NodeSetupError {
            throw error
        } catch {
            throw NodeSetupError(.program, "cannot run \(program)", cause: "\(error)")
        }
    }

    // MARK: Files

    private func writeFile(_ path: String, _ content: [UInt8], owner: String?, mode: UInt32)
        throws(NodeSetupError)
    {
        let owner =
            files.setsOwners
            ? try owner.map { (text) throws(NodeSetupError) in try Accounts(files).owner(text) } : nil
        if let account = try Accounts(files).user(withKeysAt: path) {
            let keys = AuthorizedKeys(files: files, account: account)
            // Others' keys are made of their parts, and so must these be.
            if keys.hasParts {
                let lines = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
                if try keys.set(lines, name: AuthorizedKeys.writtenName) { system.say("\(path) written") }
                return
            }
        }
        try keepOriginal(of: path, content)
        if try files.write(path, content, owner: owner, mode: mode) { system.say("\(path) written") }
    }

    private func keepOriginal(of path: String, _ content: [UInt8]) throws(NodeSetupError) {
        guard let manifests, !ownPaths.contains(path), try files.read(path) != content else { return }
        try manifests.keepOriginal(of: path)
    }

    private func setVariables(
        _ variables: [EnvironmentVariable],
        path: String,
        template: String?,
    ) throws(NodeSetupError) {
        var text = try files.readText(path)
        if text == nil, let template { text = try files.readText(template) }
        let new = VariableFile.setting(variables, in: text ?? "")
        if try files.write(path, Array(new.utf8)) { system.say("\(path) written") }
    }

    // MARK: Units

    private mutating func writeUnit(_ path: String, _ content: String) throws(NodeSetupError) {
        let content = Array(content.utf8)
        try keepOriginal(of: path, content)
        try edit(UnitFileEdit.Kind(path: path), path) { (files) throws(NodeSetupError) in
            try files.write(path, content)
        }
    }

    private mutating func writeNetworkUnit(_ path: String, _ content: String) throws(NodeSetupError) {
        guard try files.write(path, Array(content.utf8)) else { return }
        hasNetworkEdits = true
        system.say("\(path) written")
    }

    private mutating func mask(_ path: String) throws(NodeSetupError) {
        try edit(.masked, path) { (files) throws(NodeSetupError) in
            try files.link(path, to: "/dev/null")
        }
    }

    private mutating func unmask(_ path: String) throws(NodeSetupError) {
        guard files.isNull(path) else { return }
        try edit(.unmasked, path) { (files) throws(NodeSetupError) in try files.remove(path) }
    }

    mutating func edit(
        _ kind: UnitFileEdit.Kind,
        _ path: String,
        verb: String = "written",
        _ change: (NodeFiles) throws(NodeSetupError) -> Bool,
    ) throws(NodeSetupError) {
        guard try change(files) else { return }
        // Should this run end here, the next one knows that systemd has old files.
        if unitEdits.isEmpty { try files.write(Self.reloadMark, []) }
        unitEdits.append(UnitFileEdit(kind: kind, path: path))
        system.say("\(path) \(kind == .masked ? "masked" : kind == .unmasked ? "unmasked" : verb)")
    }

    private mutating func enable(_ unit: String, runtime: Bool) async throws(NodeSetupError) {
        do {
            let changes = try await persisting { (manager, _) throws(SystemdError) in
                try await manager.enable(unit, runtime: runtime)
            }
            if !changes.isEmpty { system.say("\(unit) enabled") }
        } catch  where error.isUnitNotLoaded && CoreOSUnits.names.contains(unit) {
            system.say("\(unit) is not on this machine")
        } catch {
            throw NodeSetupError(.systemd, "cannot enable \(unit)", cause: error.description)
        }
    }

    private mutating func reloadSystemd() async throws(NodeSetupError) {
        guard files.exists(Self.reloadMark) else { return try await refreshStale() }
        if try await isReloadNeeded() {
            system.say("systemd reads its unit files again")
            try await asking { (manager) throws(SystemdError) in try await manager.daemonReload() }
        }
        try files.remove(Self.reloadMark)
        try await refreshStale()
    }

    private mutating func isReloadNeeded() async throws(NodeSetupError) -> Bool {
        // The mark is of a run that was cut off.
        if unitEdits.isEmpty { return true }
        let edits = unitEdits.map { (edit: $0, isThere: files.exists($0.path)) }
        return try await asking { (manager) throws(SystemdError) in
            for (edit, isThere) in edits where try await edit.isStale(in: manager, isThere: isThere) { return true }
            return false
        }
    }

    private mutating func restartNetworkd() async throws(NodeSetupError) {
        let unit = "systemd-networkd.service"
        let status = try await asking { (manager) throws(SystemdError) in
            try await manager.unitStatus(unit)
        }
        let isActive = status?.activeState == "active"
        if isActive && !hasNetworkEdits { return }
        // It starts by itself, and with the new files.
        if !isActive, status?.job != nil { return }
        try await run(.restart, unit, isOptional: false)
    }

    mutating func run(
        _ command: CloudConfig.UnitCommand,
        _ unit: String,
        isOptional: Bool,
    ) async throws(NodeSetupError) {
        guard let verb = JobVerb(rawValue: command.rawValue) else { return }
        system.say("\(command.rawValue) \(unit)")
        // What is not there has been stopped, and is not tried to be restarted.
        let isIdle = [.stop, .tryRestart, .reloadOrTryRestart].contains(command)
        let isOptional = isOptional || isIdle || CoreOSUnits.names.contains(unit)
        do {
            let result = try await persisting(for: system.patience.job) { (manager, left) throws(SystemdError) in
                try await manager.run(verb, unit, mode: .replace, within: left)
            }
            if result == .dependency { dependents.append((command, unit)) }
            if result != .done { noteFailure(command, unit, result.description) }
        } catch  where error.code == .deadline {
            let seconds = system.patience.job.components.seconds
            noteFailure(command, unit, "not finished after \(seconds) s; systemd goes on with it")
        } catch  where isOptional && (error.isUnitNotLoaded || error.dbusName == SystemdError.unitMasked) {
            system.say("\(unit) is not on this machine")
        } catch {
            throw NodeSetupError(.systemd, "cannot \(command.rawValue) \(unit)", cause: error.description)
        }
    }

    /// As the original did, a job that fails ends nothing: the next unit may come up all the same.
    private mutating func noteFailure(
        _ command: CloudConfig.UnitCommand,
        _ unit: String,
        _ result: String
    ) {
        failedJobs.append("\(command.rawValue) \(unit): \(result)")
        system.say("\(command.rawValue) \(unit): \(result)")
    }

    /// Tries those units again that could not start because of others, which may only not be there yet: etcd waits for
    /// its peers.
    ///
    /// Each try starts what the unit needs as well, and lasts until that is decided; between two there is a pause.
    mutating func startDependents() async throws(NodeSetupError) {
        let end = ContinuousClock.now + system.patience.job
        var pause = system.patience.pause
        while !dependents.isEmpty, ContinuousClock.now < end {
            try await rest(pause)
            pause = min(pause * 2, .seconds(10))
            let again = dependents
            dependents = []
            for (command, unit) in again {
                failedJobs.removeAll { $0.hasPrefix("\(command.rawValue) \(unit): ") }
                // What was done is done: a unit that cannot be started is no fault of the setup.
                do throws(NodeSetupError) {
                    try await run(command, unit, isOptional: true)
                } catch {
                    noteFailure(command, unit, "\(error)")
                }
            }
        }
    }

    /// True when units wait for others that they need.
    var hasDependents: Bool { !dependents.isEmpty }

    private func rest(_ pause: Duration) async throws(NodeSetupError) {
        do {
            try await Task.sleep(for: pause)
        } catch {
            throw NodeSetupError(.systemd, "stopped while systemd was waited for")
        }
    }

    private func systemd() throws(SystemdError) -> any SystemdManager {
        if let manager { return manager }
        return try system.connectToSystemd()
    }

    /// Asks systemd, and asks again where the connection broke, or PID 1 was busy: it executes itself anew or reads its
    /// files, and answers afterwards. What is asked may be done twice.
    ///
    /// - Parameters:
    ///   - limit: how long to try; nil for the time in which systemd is through with itself.
    ///   - question: what is asked, and how long it may take.
    mutating func persisting<Answer>(
        for limit: Duration? = nil,
        _ question: (any SystemdManager, _ left: Duration) async throws(SystemdError) -> Answer,
    ) async throws(SystemdError) -> Answer {
        let end = ContinuousClock.now + (limit ?? system.patience.systemd)
        var pause = system.patience.pause
        while true {
            do throws(SystemdError) {
                let manager = try systemd()
                self.manager = manager
                let answer = try await question(manager, end - ContinuousClock.now)
                hasAnswered = true
                return answer
            } catch let failure {
                guard failure.isPassing, hasAnswered || failure.code != .unreachable,
                    ContinuousClock.now + pause < end
                else { throw failure }
                system.say("\(failure); asking again")
                do { try await Task.sleep(for: pause) } catch { throw failure }
                pause = min(pause * 2, .seconds(2))
            }
        }
    }

    @discardableResult
    mutating func asking<Answer>(
        _ question: (any SystemdManager) async throws(SystemdError) -> Answer,
    ) async throws(NodeSetupError) -> Answer {
        do {
            return try await persisting { (manager, _) throws(SystemdError) in try await question(manager) }
        } catch {
            throw NodeSetupError(.systemd, "systemd did not answer as it should", cause: error.description)
        }
    }
}
