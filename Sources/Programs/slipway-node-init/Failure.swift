import Glibc

/// What could not be done, and the system's reason. Printed to the node's console, so in words.
struct Failure: Error {
    let message: String
    let hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// A system call that failed: reads `errno`, so make it right after the call.
    static func system(_ doing: String, hint: String? = nil) -> Failure {
        let reason = String(cString: strerror(errno))
        return Failure("\(doing): \(reason)", hint: hint)
    }
}

/// Calls `operation` and turns a result below zero into a failure that says what was being done.
func check(_ doing: @autoclosure () -> String, hint: String? = nil, _ operation: () -> Int32) throws(Failure) {
    if operation() < 0 {
        throw .system(doing(), hint: hint)
    }
}
