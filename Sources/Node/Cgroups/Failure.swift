import Glibc

/// A system call that failed: what was being done, and the system's reason.
package struct Failure: Error, CustomStringConvertible {
    /// Failure and its cause.
    package let message: String
    /// Advice, where there is any.
    package let hint: String?

    package var description: String { hint.map { "\(message); \($0)" } ?? message }

    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The failure of a system call. Reads `errno`, so it has to be made right after the call.
    package static func system(_ doing: String, hint: String? = nil) -> Failure {
        let reason = String(cString: strerror(errno))
        return Failure("\(doing): \(reason)", hint: hint)
    }
}

/// Calls `operation` and turns a result below zero into a failure that says what was being done.
package func check(_ doing: @autoclosure () -> String, hint: String? = nil, _ operation: () -> Int32) throws(Failure) {
    if operation() < 0 {
        throw .system(doing(), hint: hint)
    }
}
