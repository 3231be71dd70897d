import Foundation

/// A system call that failed in a test's own scaffolding.
package struct POSIXFailure: Error, CustomStringConvertible {
    package var description: String

    /// Creates an error of a call, by default with its `errno`.
    package init(_ what: String, code: Int32 = errno) {
        description = "\(what): \(String(cString: strerror(code)))"
    }
}
