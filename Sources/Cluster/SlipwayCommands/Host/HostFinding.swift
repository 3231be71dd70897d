/// Result of one check of this host.
struct HostFinding: Encodable, Equatable {
    enum Level: String, Encodable {
        case ok, warning
        /// `up` cannot work without it.
        case missing
    }

    var what: String
    var level: Level
    var detail: String
    /// A command, or what to change.
    var remedy: String?
}
