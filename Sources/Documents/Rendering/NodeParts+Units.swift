import CloudConfig

extension NodeParts {
    /// The unit that gives systemd the config's commands at every boot, as CoreOS did.
    static let commandsUnit = "cloud-config-commands.service"

    // MARK: Units

    mutating func addUnits() {
        for unit in config.coreos.units {
            guard !unit.name.isEmpty else {
                warn("coreos.units.name", "a unit without a name is passed over, as CoreOS did")
                continue
            }
            check(unit)
            if unit.isNetwork { addNetwork(unit) } else { merge(unit) }
        }
    }

    private mutating func check(_ unit: CloudConfig.Unit) {
        let place = "coreos.units[\(unit.name)]"
        if unit.runtime {
            warn("\(place).runtime", "\(guest.name) keeps units across reboots")
        }
        for dropIn in unit.dropIns where dropIn.name.isEmpty || dropIn.content.isEmpty {
            warn("\(place).drop_ins", "a drop-in without name or content is passed over, as CoreOS did")
        }
        if unit.isNetwork {
            if unit.command != nil { warn("\(place).command", "CoreOS gave no commands to network units either") }
            if unit.enable { warn("\(place).enable", "network units are read as they are, and need no enabling") }
        } else if !Self.unitTypes.contains(where: { unit.name.hasSuffix(".\($0)") }) || unit.name.contains("/") {
            refuse("\(place).name", "this is no name of a systemd unit")
        }
    }

    private static let unitTypes = [
        "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope",
    ]

    /// Two of one name are one: what the later says counts.
    mutating func merge(_ unit: CloudConfig.Unit) {
        var unit = unit
        if unit.name == "etcd2.service" { unit.name = guest.etcdUnit }
        unit.dropIns.removeAll { $0.name.isEmpty || $0.content.isEmpty }
        unit.content = unit.content.flatMap { $0.isEmpty ? nil : $0 }
        unit.runtime = false
        if let command = unit.command { commands.append(Command(command: command, unit: unit.name)) }
        unit.command = nil
        guard let index = units.firstIndex(where: { $0.name == unit.name }) else { return units.append(unit) }
        units[index].mask = units[index].mask || unit.mask
        units[index].enable = units[index].enable || unit.enable
        units[index].content = unit.content ?? units[index].content
        let names = unit.dropIns.map(\.name)
        units[index].dropIns.removeAll { names.contains($0.name) }
        units[index].dropIns += unit.dropIns
    }

    /// The environment of a section, as CoreOS gave it to the section's service.
    mutating func addEnvironment(_ variables: [EnvironmentVariable], to unit: String, lines: [String] = []) {
        let content = (["[Service]"] + lines + variables.map(\.unitLine)).map { "\($0)\n" }.joined()
        merge(CloudConfig.Unit(name: unit, dropIns: [.init(name: "20-cloudinit.conf", content: content)]))
    }

    mutating func addCommands() {
        guard !commands.isEmpty else { return }
        // A command that fails is no reason not to give the next, on CoreOS as here.
        let starts = commands.map { "ExecStart=-/usr/bin/systemctl \($0.command.rawValue) \($0.unit)\n" }
        let content = """
            [Unit]
            Description=Gives systemd the commands of this node's cloud-config
            After=basic.target network.target

            [Service]
            Type=oneshot
            RemainAfterExit=yes
            TimeoutStartSec=infinity
            \(starts.joined())
            [Install]
            WantedBy=multi-user.target

            """
        units.append(CloudConfig.Unit(name: Self.commandsUnit, enable: true, content: content))
    }

    // MARK: Network

    private mutating func addNetwork(_ unit: CloudConfig.Unit) {
        guard !unit.mask else { return add("/etc/systemd/network/\(unit.name)", "") }
        guard guest != .flatcar, unit.name.hasSuffix(".network") else {
            if guest == .fedora, unit.name.hasSuffix(".netdev") {
                return warnOfNetwork(unit, "NetworkManager reads no such units")
            }
            return addNetworkFiles(unit)
        }
        do {
            interfaces.append(try NetworkInterface(unit))
        } catch {
            if guest == .fedora {
                warnOfNetwork(unit, "this cannot be said to NetworkManager: \(error.reason)")
            } else {
                warnOfNetwork(unit, "left to systemd-networkd, which not every image runs: \(error.reason)")
                addNetworkFiles(unit)
            }
        }
    }

    private mutating func warnOfNetwork(_ unit: CloudConfig.Unit, _ message: String) {
        let place = "coreos.units[\(unit.name)]"
        if unit.content?.isEmpty == false { warn("\(place).content", message) }
        if !unit.dropIns.isEmpty { warn("\(place).drop_ins", message) }
    }

    private mutating func addNetworkFiles(_ unit: CloudConfig.Unit) {
        let path = "/etc/systemd/network/\(unit.name)"
        if let content = unit.content, !content.isEmpty { add(path, content) }
        for dropIn in unit.dropIns where !dropIn.name.isEmpty && !dropIn.content.isEmpty {
            add("\(path).d/\(dropIn.name)", dropIn.content)
        }
    }
}
