import Diagnostics

/// Checks for what systemd refuses or ignores. fleet would accept such a unit, and its machine would not run it.
extension UnitFileLinter {
    private static let commonSections = ["Unit", "Install"]
    private static let types: Set<String> = [
        "simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle",
    ]
    private static let restarts: Set<String> = [
        "no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always",
    ]
    private static let commands = [
        "ExecStart", "ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost", "ExecReload",
    ]

    mutating func lintForSystemd() {
        checkSections()
        checkPlace()
        guard name?.suffix == "service", unit.has(section: "Service") else { return }
        checkType()
        checkStart()
        for option in unit.options where option.section == "Service" && Self.commands.contains(option.name) {
            checkProgram(option)
        }
    }

    private mutating func checkSections() {
        guard let name else { return }
        let own = name.suffix.prefix(1).uppercased() + name.suffix.dropFirst()
        var seen: Set<String> = []
        for option in unit.options where !option.section.hasPrefix("X-") && seen.insert(option.section).inserted {
            let known = Self.commonSections + [own]
            guard !known.contains(option.section), option.section.lowercased().filter(\.isLetter) != "xfleet" else {
                continue
            }
            let nearest = Spelling.nearest(to: option.section, among: known).map { "did you mean [\($0)]?" }
            let hint =
                nearest ?? "its sections are \(known.map { "[\($0)]" }.joined(separator: ", ")) and those with X-"
            let message = "systemd ignores [\(option.section)] in a .\(name.suffix) unit"
            add(.warning, message, atSectionOf: option, notes: [hint])
        }
    }

    /// A mount is called by its path (systemd.mount(5)).
    private mutating func checkPlace() {
        guard let name, ["mount", "automount"].contains(name.suffix) else { return }
        let section = name.suffix.prefix(1).uppercased() + name.suffix.dropFirst()
        let place = unit.options.last { $0.section == section && $0.name == "Where" }
        // What a specifier stands for is known on the machine.
        guard let place, place.value.hasPrefix("/"), !place.value.contains("%") else { return }
        let wanted = "\(Self.escapedPath(place.value)).\(name.suffix)"
        guard wanted != name.full else { return }
        addToValue(.warning, "systemd refuses Where=\(place.value) in \(name.full); its unit is \(wanted)", of: place)
    }

    /// A path as a unit's name has it: `systemd-escape --path` (systemd.unit(5), "String escaping").
    static func escapedPath(_ path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty else { return "-" }
        return parts.joined(separator: "/").utf8.enumerated().map { index, byte -> String in
            switch byte {
            case UInt8(ascii: "/"): "-"
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                String(UnicodeScalar(byte))
            case UInt8(ascii: ".") where index > 0: "."
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }

    private mutating func checkType() {
        for (key, allowed) in [("Type", Self.types), ("Restart", Self.restarts)] {
            guard let option = last(key), !option.value.isEmpty, !allowed.contains(option.value) else { continue }
            let nearest = Spelling.nearest(to: option.value, among: allowed.sorted()).map { "did you mean \($0)?" }
            let notes = [nearest ?? "it takes \(allowed.sorted().joined(separator: ", "))"]
            add(.warning, "systemd ignores \(key)=\(option.value)", at: option, notes: notes)
        }
    }

    private mutating func checkStart() {
        let isOneshot = last("Type")?.value == "oneshot"
        let starts = effective("ExecStart")
        // What a whole unit lacks has no place: a part of one, such as a drop-in, may lack it.
        if starts.isEmpty, !isOneshot {
            let lack = "\(name?.full ?? "") has no ExecStart, and systemd will refuse it"
            found.append(.warning(lack, notes: ["only Type=oneshot may lack it"]))
        } else if starts.isEmpty, effective("ExecStop").isEmpty, last("SuccessAction") == nil {
            found.append(.warning("\(name?.full ?? "") has neither ExecStart nor ExecStop, and systemd will refuse it"))
        }
        if starts.count > 1, !isOneshot {
            let notes = ["only Type=oneshot takes several; ExecStartPre and ExecStartPost run before and after"]
            add(.warning, "systemd refuses a service with \(starts.count) ExecStart", at: starts[1], notes: notes)
        }
        if isOneshot, let restart = last("Restart"), ["always", "on-success"].contains(restart.value) {
            add(.warning, "systemd refuses Restart=\(restart.value) with Type=oneshot", at: restart)
        }
    }

    /// The program of a command: a path from the root, or a name to be looked up.
    private mutating func checkProgram(_ option: UnitOption) {
        let program = option.value.drop { "-@:+!".contains($0) }.prefix { !$0.isWhitespace }
        guard !program.hasPrefix("/"), program.contains("/"), !program.hasPrefix("$") else { return }
        let notes = ["write the path from /, or only the name of the program"]
        add(.warning, "systemd refuses the relative path \(program)", at: option, notes: notes)
    }

    private func last(_ key: String) -> UnitOption? {
        unit.options.last { $0.section == "Service" && $0.name == key }
    }

    /// The options called `key` that count: an empty one takes back those before it.
    private func effective(_ key: String) -> [UnitOption] {
        unit.options.filter { $0.section == "Service" && $0.name == key }.reduce(into: []) { found, option in
            if option.value.isEmpty { found = [] } else { found.append(option) }
        }
    }
}
