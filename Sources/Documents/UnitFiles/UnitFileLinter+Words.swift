import Diagnostics

/// Names and quotes that are nearly right: systemd passes over them without failing the unit, and what was meant does
/// not happen.
extension UnitFileLinter {
    /// Options of [Service] of which systemd knows all that begin with a word (systemd.service(5), systemd.exec(5)).
    private static let families: [(beginning: String, options: Set<String>)] = [
        (
            "exec",
            [
                "ExecCondition", "ExecPaths", "ExecReload", "ExecReloadPost", "ExecSearchPath", "ExecStart",
                "ExecStartPost", "ExecStartPre", "ExecStop", "ExecStopPost",
            ]
        ),
        (
            "timeout",
            [
                "TimeoutAbortSec", "TimeoutCleanSec", "TimeoutSec", "TimeoutStartFailureMode", "TimeoutStartSec",
                "TimeoutStopFailureMode", "TimeoutStopSec",
            ]
        ),
        (
            "restart",
            [
                "Restart", "RestartForceExitStatus", "RestartKillSignal", "RestartMaxDelaySec", "RestartMode",
                "RestartPreventExitStatus", "RestartSec", "RestartSteps",
            ]
        ),
    ]
    private static let dependencies: Set<String> = [
        "After", "Before", "BindTo", "BindsTo", "Conflicts", "OnFailure", "PartOf", "Requires", "Requisite", "Wants",
    ]

    mutating func lintWords() {
        for option in unit.options {
            switch option.section {
            case "Service":
                checkFamily(option)
                if option.name.hasPrefix("Exec") || option.name == "Environment" { checkQuotes(option) }
            case "Unit":
                if Self.dependencies.contains(option.name) { checkDependencies(option) }
            default: break
            }
        }
    }

    private mutating func checkFamily(_ option: UnitOption) {
        let folded = option.name.lowercased()
        guard let family = Self.families.first(where: { folded.hasPrefix($0.beginning) }),
            !family.options.contains(option.name)
        else { return }
        let nearest = Spelling.nearest(to: option.name, among: family.options.sorted()).map { "did you mean \($0)?" }
        add(.warning, "systemd knows no \(option.name) and ignores it", at: option, notes: nearest.map { [$0] } ?? [])
    }

    private mutating func checkDependencies(_ option: UnitOption) {
        for word in option.value.split(whereSeparator: { $0.isWhitespace || $0 == "\\" }) {
            // A path stands for its mount or device, and a specifier for what is known on the machine.
            let isUnit = UnitName.suffixes.contains { word.hasSuffix(".\($0)") }
            guard !isUnit, !word.hasPrefix("/"), !word.contains("%") else { continue }
            let note = "a unit's name has a suffix: \(word).service"
            addToValue(.warning, "systemd ignores \(option.name)=\(word)", of: option, notes: [note])
        }
    }

    private mutating func checkQuotes(_ option: UnitOption) {
        guard Self.endsInsideQuotes(option.value) else { return }
        let what = option.name == "Environment" ? "systemd ignores it" : "systemd does not run it"
        addToValue(.warning, "a quote in \(option.name) is not closed, and \(what)", of: option)
    }

    /// Reads a value as systemd splits it into words: quotes may begin within a word, and a backslash takes the next
    /// character's meaning away in quotes of either kind.
    static func endsInsideQuotes(_ value: String) -> Bool {
        let lines = value.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { index, line in
            // Comments among continued lines are passed over.
            index == 0 || !"#;".contains(line.first { !$0.isWhitespace } ?? " ")
        }
        let text = lines.map { $0.element.last == "\\" ? $0.element.dropLast() : $0.element }.joined(separator: " ")
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
            }
        }
        return quote != nil
    }
}
