/// Result of one check of this host, or one feature of Slipway with what keeps it from working.
struct HostFinding: Encodable, Equatable {
    enum Level: String, Encodable {
        case ok, warning
        /// `up` cannot work without it.
        case missing
    }

    enum Kind: String, Encodable {
        case check, feature
    }

    var kind = Kind.check
    var what: String
    var level: Level
    var detail: String
    /// A command, or what to change.
    var remedy: String?
    /// Command lines for root's shell that make ``remedy``, which `doctor --fix` runs; empty where a person decides.
    var fix: [String] = []

    init(
        kind: Kind = .check,
        what: String,
        level: Level,
        detail: String,
        remedy: String? = nil,
        fix: [String] = [],
    ) {
        self.kind = kind
        self.what = what
        self.level = level
        self.detail = detail
        self.remedy = remedy ?? (fix.isEmpty ? nil : fix.map { "sudo \($0)" }.joined(separator: " && "))
        self.fix = fix
    }
}
