import CloudConfig

/// Updates and the reboots they need: each system has its own agent for them.
extension NodeParts {
    mutating func addUpdates() {
        switch guest {
        case .flatcar: addFlatcarUpdates()
        case .fedora: addZincati()
        case .debian: addUnattendedUpgrades()
        }
    }

    private var strategy: String? { config.coreos.update[.rebootStrategy]?.description }
    private var windowStart: String? { config.coreos.locksmith[.windowStart]?.description }
    private var windowLength: String? { config.coreos.locksmith[.windowLength]?.description }
    private static let windowKeys: [LocksmithKey] = [.windowStart, .windowLength]

    // MARK: Flatcar: as CoreOS, under another name

    private mutating func addFlatcarUpdates() {
        let locksmith = config.coreos.locksmith.environment
        let window = locksmith.filter { $0.name.hasPrefix("REBOOT_WINDOW_") }
        let lines = (config.coreos.update.environment + window).map { "\($0.fileLine)\n" }
        if !lines.isEmpty { add("/etc/flatcar/update.conf", lines.joined()) }
        let others = locksmith.filter { !$0.name.hasPrefix("REBOOT_WINDOW_") }
        if !others.isEmpty { addEnvironment(others, to: "locksmithd.service") }
    }

    // MARK: Fedora CoreOS: Zincati

    private mutating func addZincati() {
        let noServer = "Fedora CoreOS takes its updates from its own stream only"
        warn(config.coreos.update, noServer) { $0 != .rebootStrategy }
        warn(config.coreos.locksmith, "Fedora CoreOS has no locksmith") { !Self.windowKeys.contains($0) }
        let path = "/etc/zincati/config.d/55-updates-strategy.toml"
        switch strategy {
        case "off":
            add(path, "[updates]\nenabled = false\n")
            warnOfUnusedWindow("no update reboots this node")
        case "etcd-lock":
            add(path, "[updates]\nenabled = false\n")
            warn(
                "coreos.update.reboot_strategy",
                "Zincati knows no etcd-lock: updates are off instead, so that no two nodes reboot at a time",
            )
            warnOfUnusedWindow("no update reboots this node")
        case "reboot": addZincatiWindow(path)
        case let other?: warn("coreos.update.reboot_strategy", "\"\(other)\" is no strategy")
        case nil: if windowStart != nil || windowLength != nil { addZincatiWindow(path) }
        }
    }

    private mutating func addZincatiWindow(_ path: String) {
        guard let start = windowStart, let length = windowLength else {
            warnOfUnusedWindow("a window has both window_start and window_length")
            return add(path, "[updates]\nstrategy = \"immediate\"\n")
        }
        guard let window = RebootWindow(start: start, length: length), (1...24 * 60).contains(window.minutes) else {
            warnOfUnusedWindow("this is no window that Zincati knows: it lasts from one minute to a day")
            return add(path, "[updates]\nstrategy = \"immediate\"\n")
        }
        let days = (window.day.map { [$0] } ?? RebootWindow.days).map { "\"\($0)\"" }.joined(separator: ", ")
        add(
            path,
            """
            [updates]
            strategy = "periodic"

            [[updates.periodic.window]]
            days = [\(days)]
            start_time = "\(window.time)"
            length_minutes = \(window.minutes)

            """,
        )
    }

    private mutating func warnOfUnusedWindow(_ reason: String) {
        warn(config.coreos.locksmith, "not used: \(reason)") { Self.windowKeys.contains($0) }
    }

    // MARK: Debian: unattended-upgrades

    private mutating func addUnattendedUpgrades() {
        warn(config.coreos.update, "a Debian system takes its updates from its apt sources") { $0 != .rebootStrategy }
        warn(config.coreos.locksmith, "a Debian system has no locksmith") { !Self.windowKeys.contains($0) }
        warn(config.coreos.locksmith, "unattended-upgrades reboots at a time, not within a window") {
            $0 == .windowLength
        }
        guard let strategy else {
            return warn(config.coreos.locksmith, "not used: there is no coreos.update.reboot_strategy") {
                $0 == .windowStart
            }
        }
        if strategy != "off", strategy != "reboot" {
            let message = "unattended-upgrades knows no \(strategy): updates reboot no node instead"
            warn("coreos.update.reboot_strategy", message)
        }
        let reboots = strategy == "reboot"
        var lines = ["Unattended-Upgrade::Automatic-Reboot \"\(reboots)\";"]
        if let start = windowStart, let window = RebootWindow(start: start, length: "1m") {
            lines.append("Unattended-Upgrade::Automatic-Reboot-Time \"\(window.time)\";")
            if window.day != nil {
                warn("coreos.locksmith.window_start", "unattended-upgrades knows no days of the week")
            }
        }
        if reboots { packages.append("unattended-upgrades") }
        add("/etc/apt/apt.conf.d/52cloud-config", lines.map { "\($0)\n" }.joined())
    }
}
