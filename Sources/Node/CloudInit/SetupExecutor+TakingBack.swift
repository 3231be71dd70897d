import CloudConfig
import Systemd

extension SetupExecutor {
    /// Takes back one thing that an earlier run did, as far as it is still as that run left it.
    mutating func takeBack(_ item: AppliedManifest.Item) async throws(NodeSetupError) {
        switch item {
        case .file(let path, let print):
            if try removeOwn(path, print) { system.say("\(path) taken back") }
        case .unitFile(let path, let print): try takeBackUnitFile(path, print)
        case .networkUnit(let path, let print):
            guard try removeOwn(path, print) else { return }
            hasNetworkEdits = true
            system.say("\(path) taken back")
        case .mask(let path):
            guard files.linkTarget(path) == "/dev/null" else { return }
            try edit(.unmasked, path) { (files) throws(NodeSetupError) in try files.remove(path) }
        case .enabled(let unit): try await disable(unit)
        case .started(let unit): try await stopStarted(unit)
        case .keys(let user, let name):
            guard let account = try Accounts(files).user(user),
                try AuthorizedKeys(files: files, account: account).remove(name: name)
            else { return }
            system.say("ssh keys of \(user) taken back")
        case .user(let name), .lockedUser(let name):
            guard try Accounts(files).user(name) != nil else { return }
            try await call("usermod", ["--lock", "--expiredate", "1", "--", name])
            system.say("user \(name) has no login any more; the home directory stays")
        case .group(let user, let name):
            guard try Accounts(files).members(of: name).contains(user) else { return }
            try await call("gpasswd", ["--delete", user, name])
            system.say("user \(user) taken out of group \(name)")
        }
    }

    mutating func unlock(_ user: String) async throws(NodeSetupError) {
        guard try Accounts(files).user(user) != nil else { return }
        try await call("usermod", ["--unlock", "--expiredate", "", "--", user])
        system.say("user \(user) may log in again")
    }

    mutating func join(_ groups: [String], _ user: String) async throws(NodeSetupError) {
        let accounts = Accounts(files)
        let missing = try missingGroups(groups, accounts)
        var others: [String] = []
        for group in groups where !missing.contains(group) {
            if try !accounts.members(of: group).contains(user) { others.append(group) }
        }
        if !others.isEmpty {
            try await call("usermod", ["--append", "--groups", others.joined(separator: ","), "--", user])
            system.say("user \(user) put in \(others.joined(separator: ", "))")
        }
        try refuse(missing, user)
    }

    // MARK: Files

    /// Removes a file, or puts back what it took the place of, unless somebody changed it.
    ///
    /// - Returns: whether anything was changed.
    private func removeOwn(_ path: String, _ print: AppliedManifest.Fingerprint)
        throws(NodeSetupError) -> Bool
    {
        guard files.exists(path) else { return false }
        guard let status = files.regularFile(path), let content = try files.read(path),
            print.fits(content, mode: status.mode)
        else {
            system.say("\(path) was changed since it was written, and stays")
            return false
        }
        if try manifests?.putBackOriginal(of: path) == true { return true }
        // Without it many programs find no localhost.
        guard path != "/etc/hosts" else { return false }
        return try files.remove(path)
    }

    private mutating func takeBackUnitFile(
        _ path: String,
        _ print: AppliedManifest.Fingerprint,
    ) throws(NodeSetupError) {
        let kind = UnitFileEdit.Kind(path: path)
        let before = unitEdits.count
        let executor = self
        try edit(kind, path, verb: "taken back") { _ throws(NodeSetupError) in
            try executor.removeOwn(path, print)
        }
        // What runs still has it.
        if unitEdits.count > before, kind == .dropIn {
            stale.append(UnitFileEdit(kind: kind, path: path).unit)
        }
    }

    // MARK: Units

    private mutating func disable(_ unit: String) async throws(NodeSetupError) {
        var changes = try await disable(unit, isRuntime: false)
        changes += try await disable(unit, isRuntime: true)
        if !changes.isEmpty { system.say("\(unit) disabled") }
    }

    /// Disables a unit. Where its file is gone, dangling links are no fault.
    private mutating func disable(_ unit: String, isRuntime: Bool) async throws(NodeSetupError) -> [UnitFileChange] {
        do {
            return try await persisting { (manager, _) throws(SystemdError) in
                try await manager.disableUnitFiles([unit], runtime: isRuntime)
            }
        } catch  where error.isUnitNotLoaded {
            return []
        } catch {
            throw NodeSetupError(.systemd, "cannot disable \(unit)", cause: error.description)
        }
    }

    /// A socket's service keeps the port open that the socket gave it, and so is started anew without it.
    private mutating func stopStarted(_ unit: String) async throws(NodeSetupError) {
        let status = try await asking { (manager) throws(SystemdError) in
            try await manager.unitStatus(unit)
        }
        guard let status,
            status.activeState == "active" || status.activeState == "activating" || status.job != nil
        else { return }
        if unit.hasSuffix(".socket") { stale += try await services(of: unit) }
        try await run(.stop, unit, isOptional: true)
    }

    private mutating func services(of socket: String) async throws(NodeSetupError) -> [String] {
        let triggers = try await asking { (manager) throws(SystemdError) in
            try await manager.unitProperty("Triggers", interface: "Unit", of: socket)
        }
        if case .strings(let names) = triggers { return names }
        return []
    }

    /// Starts anew, once systemd has read their files again, those units that run with what was taken back.
    mutating func refreshStale() async throws(NodeSetupError) {
        let units = stale
        stale = []
        for unit in units {
            guard try await isActive(unit) else { continue }
            guard unit.hasSuffix(".socket") else {
                try await run(.tryRestart, unit, isOptional: true)
                continue
            }
            // A socket does not start while its service has it.
            var running: [String] = []
            for service in try await services(of: unit) where try await isActive(service) {
                running.append(service)
            }
            for service in running { try await run(.stop, service, isOptional: true) }
            try await run(.restart, unit, isOptional: true)
            for service in running { try await run(.start, service, isOptional: true) }
        }
    }

    private mutating func isActive(_ unit: String) async throws(NodeSetupError) -> Bool {
        try await asking { (manager) throws(SystemdError) in
            try await manager.unitStatus(unit)
        }?.activeState == "active"
    }
}
