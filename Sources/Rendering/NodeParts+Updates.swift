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
        guard let window = RebootWindow(start: start, length: length) else {
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

/// A time in which a node may reboot, as locksmith writes it.
struct RebootWindow: Sendable, Hashable {
    static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// Nil for every day.
    var day: String?
    /// `04:00`.
    var time: String
    var minutes: Int

    /// - Parameters:
    ///   - start: `Thu 04:00` or `4:0`.
    ///   - length: a Go duration: `1h30m`.
    init?(start: String, length: String) {
        let words = start.split(separator: " ")
        guard let clock = words.last?.split(separator: ":"), words.count <= 2, clock.count == 2,
            let hour = Int(clock[0]), let minute = Int(clock[1]), hour < 24, minute < 60
        else { return nil }
        if words.count == 2 {
            guard let day = Self.days.first(where: { $0.lowercased() == words[0].lowercased() }) else { return nil }
            self.day = day
        }
        time = [hour, minute].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        guard let minutes = Self.minutes(of: length), (1...24 * 60).contains(minutes) else { return nil }
        self.minutes = minutes
    }

    private static func minutes(of length: String) -> Int? {
        let seconds: [String: Double] = ["h": 3600, "m": 60, "s": 1, "ms": 0.001]
        var total = 0.0
        var rest = length[...]
        if rest.first == "+" { rest.removeFirst() }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isNumber || $0 == "." }
            let unit = rest.dropFirst(number.count).prefix { $0.isLetter }
            guard let count = Double(number), let length = seconds[String(unit)] else { return nil }
            total += count * length
            rest = rest.dropFirst(number.count + unit.count)
        }
        return Int(total / 60)
    }
}
