import Basics
import CloudConfig

/// Effects of a cloud-config on a system: ``preparation`` makes everything ready, ``commands`` starts things and may
/// wait long. The order is the original's, but for the keys of the user `core`, which come before other users.
package struct SetupPlan: Sendable, Hashable {
    /// Files, users and settings, before any unit is touched.
    package var preparation: [Effect] = []
    /// Commands to systemd, once everything is written.
    package var commands: [Effect] = []

    /// Nothing to do.
    package init() {}

    /// - Parameters:
    ///   - metadata: what the datasource says beside the user-data.
    ///   - hostname: the machine's name now, for `/etc/hosts` when nothing sets another.
    ///   - keyName: under which name the keys of the user `core` are kept.
    package init(
        _ config: CloudConfig,
        metadata: NodeMetadata = NodeMetadata(),
        hostname: String,
        keyName: String = "coreos-cloudinit",
    ) {
        let name = addHostname(config.hostname ?? metadata.hostname)
        addCoreKeys(config, metadata, keyName: keyName)
        for user in config.users { addUser(user, keyName: keyName) }
        addFiles(config, hostname: name ?? hostname)
        addAddresses(metadata.addresses, config)
        for unit in Self.units(of: config) { addUnit(unit) }
        addRebootStrategy(config.coreos.update)
        preparation.append(.reloadSystemd)
        // Not before the machine is ready: networkd may be waiting for that.
        if config.coreos.units.contains(where: { $0.isNetwork }) { commands.insert(.restartNetworkd, at: 0) }
    }

    // MARK: Hostname and users

    /// As `hostnamectl` does it: what no host name may have is left out of it, and stays in the name for people.
    ///
    /// - Returns: the name that is set.
    private mutating func addHostname(_ wanted: String?) -> String? {
        guard let wanted else { return nil }
        let name = HostName.valid(wanted)
        guard name != wanted else {
            preparation.append(.setHostname(name))
            return name
        }
        guard !name.isEmpty else {
            preparation.append(.note("\"\(wanted)\" cannot be a hostname, and is passed over"))
            return nil
        }
        let pretty = EnvironmentVariable(name: "PRETTY_HOSTNAME", value: wanted)
        preparation += [
            .note("\"\(wanted)\" cannot be a hostname: it is \(name)"), .setHostname(name),
            .setVariables(path: "/etc/machine-info", template: nil, variables: [pretty]),
        ]
        return name
    }

    private mutating func addUser(_ user: CloudConfig.User, keyName: String) {
        guard !user.name.isEmpty else {
            preparation.append(.note("a user has no name and is passed over"))
            return
        }
        preparation.append(.ensureUser(user))
        if user.name != "core", !user.sshAuthorizedKeys.isEmpty {
            preparation.append(.authorizeKeys(user: user.name, name: keyName, keys: user.sshAuthorizedKeys))
        }
        if user.importGithub != nil || !user.importGithubUsers.isEmpty || user.importURL != nil {
            preparation.append(.note("keys of \(user.name) are not fetched from the network: list them in the config"))
        }
    }

    /// All of them, wherever the config has them: later ones would take the place of these.
    private mutating func addCoreKeys(_ config: CloudConfig, _ metadata: NodeMetadata, keyName: String) {
        let own = config.users.filter { $0.name == "core" }
        let keys = own.flatMap(\.sshAuthorizedKeys) + config.sshAuthorizedKeys + metadata.publicKeys
        guard !keys.isEmpty else { return }
        preparation.append(.ensureUser(own.first ?? CloudConfig.User(name: "core", shell: "/bin/bash")))
        preparation.append(.authorizeKeys(user: "core", name: keyName, keys: keys))
    }

    // MARK: Files

    private mutating func addFiles(_ config: CloudConfig, hostname: String) {
        for file in config.writeFiles { addFile(file) }
        if let release = Self.oemRelease(config.coreos.oem) { addFile("/etc/oem-release", release) }
        let update = config.coreos.update.environment
        if !update.isEmpty {
            preparation.append(
                .setVariables(
                    path: "/etc/coreos/update.conf",
                    template: "/usr/share/coreos/update.conf",
                    variables: update,
                )
            )
        }
        if config.manageEtcHosts == .localhost { addFile("/etc/hosts", Self.hosts(hostname)) }
        let flannel = config.coreos.flannel.environment
        if !flannel.isEmpty {
            // As it is: `docker --env-file` reads the file, too, and takes quotes for a part of the value.
            let lines = flannel.map { $0.value.contains(where: \.isNewline) ? $0.fileLine : "\($0.name)=\($0.value)" }
            addFile("/run/flannel/options.env", lines.joined(separator: "\n"))
        }
    }

    private mutating func addFile(_ path: String, _ content: String) {
        preparation.append(.writeFile(path: path, content: Array(content.utf8), owner: nil, mode: 0o644))
    }

    private mutating func addFile(_ file: CloudConfig.File) {
        do {
            let content = try file.decoded()
            let path = NodePath.absolute(file.path)
            preparation.append(.writeFile(path: path, content: content, owner: file.owner, mode: file.mode))
        } catch {
            // The loader refuses such a file; a config made in memory may have one.
            preparation.append(.note("\(file.path) is not written: \(error)"))
        }
    }

    /// `localhost` stays: etcd's own defaults name it.
    static func hosts(_ hostname: String) -> String {
        "127.0.0.1 localhost\n127.0.0.1 \(hostname)\n::1 localhost ip6-localhost ip6-loopback\n"
    }

    private static func oemRelease(_ oem: Settings<OEMKey>) -> String? {
        func text(_ key: OEMKey) -> String { oem[key]?.description ?? "" }
        guard !text(.id).isEmpty else { return nil }
        let quoted: [(String, OEMKey)] = [("NAME", .name), ("HOME_URL", .homeURL), ("BUG_REPORT_URL", .bugReportURL)]
        return "ID=\(text(.id))\nVERSION_ID=\(text(.versionID))\n"
            + quoted.map { "\($0)=\"\(ShellWord.escapedInDoubleQuotes(text($1)))\"\n" }.joined()
    }

    /// Addresses the datasource knows become `COREOS_…` in `/etc/environment`, unless the config writes that file.
    private mutating func addAddresses(_ addresses: NodeAddresses, _ config: CloudConfig) {
        let isOwn = config.writeFiles.contains { NodePath.absolute($0.path) == "/etc/environment" }
        let variables = addresses.byToken.filter { !$0.address.isEmpty }.map { token, address in
            EnvironmentVariable(name: "COREOS_\(token.dropFirst().uppercased())", value: address)
        }
        guard !isOwn, !variables.isEmpty else { return }
        preparation.append(.setVariables(path: "/etc/environment", template: nil, variables: variables))
    }

    // MARK: Units

    /// The config's units, and those that carry the environment of the `coreos` sections.
    private static func units(of config: CloudConfig) -> [CloudConfig.Unit] {
        let coreos = config.coreos
        let sections: [(String, [EnvironmentVariable])] = [
            ("etcd.service", coreos.etcd.environment), ("etcd2.service", coreos.etcd2.environment),
            ("fleet.service", coreos.fleet.environment), ("locksmithd.service", coreos.locksmith.environment),
        ]
        return coreos.units
            + sections.map { name, environment in
                let dropIn = environment.dropIn.map { CloudConfig.DropIn(name: "20-cloudinit.conf", content: $0) }
                return CloudConfig.Unit(name: name, runtime: true, dropIns: dropIn.map { [$0] } ?? [])
            }
    }

    private mutating func addUnit(_ unit: CloudConfig.Unit) {
        guard !unit.name.isEmpty else {
            preparation.append(.note("a unit has no name and is passed over"))
            return
        }
        let directory = (unit.runtime ? "/run" : "/etc") + "/systemd/" + (unit.isNetwork ? "network" : "system")
        let path = "\(directory)/\(unit.name)"
        if let content = unit.content, !content.isEmpty { addUnitFile(path, content, isNetwork: unit.isNetwork) }
        for dropIn in unit.dropIns where !dropIn.name.isEmpty && !dropIn.content.isEmpty {
            addUnitFile("\(path).d/\(dropIn.name)", dropIn.content, isNetwork: unit.isNetwork)
        }
        if unit.mask {
            preparation.append(.mask(path: path))
        } else if unit.runtime {
            preparation.append(.unmask(path: path))
        }
        guard !unit.isNetwork else { return }
        if unit.enable { preparation.append(.enable(unit: unit.name, runtime: unit.runtime)) }
        if let command = unit.command { commands.append(.run(command, unit: unit.name, isOptional: false)) }
    }

    private mutating func addUnitFile(_ path: String, _ content: String, isNetwork: Bool) {
        preparation.append(
            isNetwork ? .writeNetworkUnit(path: path, content: content) : .writeUnit(path: path, content: content)
        )
    }

    /// locksmithd and update-engine: on a machine without them there is nothing to restart.
    private mutating func addRebootStrategy(_ update: Settings<UpdateKey>) {
        let locksmith = "/run/systemd/system/locksmithd.service"
        switch update[.rebootStrategy]?.description {
        case "off":
            // Unmasked for coreos.locksmith and masked again, it would make systemd read its files anew at every boot.
            preparation.removeAll { $0 == .unmask(path: locksmith) }
            preparation.append(.mask(path: locksmith))
            commands.append(.run(.stop, unit: "locksmithd.service", isOptional: true))
        case .some:
            preparation.append(.unmask(path: locksmith))
            commands.append(.run(.restart, unit: "locksmithd.service", isOptional: true))
        case nil: break
        }
        if update[.group] != nil || update[.server] != nil {
            commands.append(.run(.restart, unit: "update-engine.service", isOptional: true))
        }
    }
}
