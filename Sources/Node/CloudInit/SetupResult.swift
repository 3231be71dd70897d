/// How far the setup of a machine got, for whoever waits for it: `/run/coreos-cloudinit/result.json`.
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
        let failed = failedJobs.map(Self.quoted).joined(separator: ",")
        let cause = error.map(Self.quoted) ?? "null"
        return "{\"stage\":\"\(stage.rawValue)\",\"ok\":\(error == nil),\"failed\":[\(failed)],\"error\":\(cause)}\n"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
