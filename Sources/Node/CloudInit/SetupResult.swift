import Basics

/// Result of a system's setup, for programs that wait for it: `/run/coreos-cloudinit/result.json`.
///
///     {"stage":"files","ok":true,"failed":[],"error":null}
struct SetupResult: Sendable, Hashable {
    enum Stage: String, Sendable {
        /// Users, files and units are there, or could not be made.
        case files
        /// The units' commands are carried out as well.
        case done
    }

    static let path = "/run/coreos-cloudinit/result.json"

    var stage: Stage
    /// Jobs without success, such as `start web.service: failed`; they do not make the setup a failure.
    var failedJobs: [String] = []
    var error: String?

    var json: String {
        let failed = failedJobs.map(JSONString.quoted).joined(separator: ",")
        let cause = error.map(JSONString.quoted) ?? "null"
        return "{\"stage\":\"\(stage.rawValue)\",\"ok\":\(error == nil),\"failed\":[\(failed)],\"error\":\(cause)}\n"
    }
}
