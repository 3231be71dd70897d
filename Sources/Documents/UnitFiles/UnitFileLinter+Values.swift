import Diagnostics

/// Values that systemd cannot read: it logs a line, and goes on as if the option were not there.
extension UnitFileLinter {
    /// Options whose value is a time span (systemd.time(7)).
    private static let spans: Set<String> = [
        "AccuracySec", "IdleActionSec", "JobRunningTimeoutSec", "JobTimeoutSec", "OnActiveSec", "OnBootSec",
        "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec", "RandomizedDelaySec", "RestartSec", "RuntimeMaxSec",
        "StartLimitInterval", "StartLimitIntervalSec", "TimeoutAbortSec", "TimeoutIdleSec", "TimeoutSec",
        "TimeoutStartSec", "TimeoutStopSec", "WatchdogSec",
    ]
    /// Options that are on or off.
    private static let switches: Set<String> = [
        "Accept", "AllowIsolate", "DefaultDependencies", "GuessMainPID", "IgnoreOnIsolate", "NonBlocking",
        "PermissionsStartOnly", "Persistent", "RefuseManualStart", "RefuseManualStop", "RemainAfterExit",
        "RemainAfterElapse", "SendSIGHUP", "SendSIGKILL", "StopWhenUnneeded", "WakeSystem",
    ]
    private static let onOff: Set<String> = ["1", "yes", "y", "true", "t", "on", "0", "no", "n", "false", "f", "off"]
    private static let words: [String: [String]] = [
        "KillMode": ["control-group", "mixed", "process", "none"],
        "NotifyAccess": ["none", "main", "exec", "all"],
    ]
    private static let spanUnits: Set<String> = [
        "", "us", "usec", "µs", "μs", "ms", "msec", "s", "sec", "second", "seconds", "m", "min", "minute", "minutes",
        "h", "hr", "hour", "hours", "d", "day", "days", "w", "week", "weeks", "M", "month", "months", "y", "year",
        "years",
    ]

    mutating func lintValues() {
        for option in unit.options where !option.section.hasPrefix("X-") && !option.value.isEmpty {
            // What a specifier stands for is known on the machine.
            guard !option.value.contains("%") else { continue }
            if Self.spans.contains(option.name), !Self.isSpan(option.value) {
                ignored(option, "a time span is written as 90, 90s or 1min 30s; infinity is none")
            } else if Self.switches.contains(option.name), !Self.onOff.contains(option.value.lowercased()) {
                ignored(option, "it is yes or no")
            } else if let words = Self.words[option.name], !words.contains(option.value) {
                let nearest = Spelling.nearest(to: option.value, among: words).map { "did you mean \($0)?" }
                ignored(option, nearest ?? "it takes \(words.joined(separator: ", "))")
            }
        }
    }

    private mutating func ignored(_ option: UnitOption, _ note: String) {
        // Only whole lines are comments, which many do not expect.
        let comment = option.value.contains("#") ? ["a comment has a line of its own"] : []
        add(.warning, "systemd ignores \(option.name)=\(option.value)", at: option, notes: comment + [note])
    }

    /// Returns whether systemd reads the text as a time span: numbers, each with a unit or none, and white space
    /// between them.
    static func isSpan(_ text: String) -> Bool {
        var rest = text[...]
        func skipSpace() { rest = rest.drop(while: \.isWhitespace) }
        skipSpace()
        if rest.hasPrefix("infinity") { return rest.dropFirst("infinity".count).allSatisfy(\.isWhitespace) }
        guard !rest.isEmpty else { return false }
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard number.contains(where: \.isNumber), number.filter({ $0 == "." }).count <= 1 else { return false }
            rest = rest.dropFirst(number.count)
            skipSpace()
            let unit = rest.prefix { $0.isLetter }
            guard spanUnits.contains(String(unit)) else { return false }
            rest = rest.dropFirst(unit.count)
            skipSpace()
        }
        return true
    }
}
