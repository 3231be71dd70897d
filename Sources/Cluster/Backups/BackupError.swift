/// Failure to make, read or check a backup, described for the person at the terminal.
package struct BackupError: Error, Sendable, CustomStringConvertible {
    /// Failure and advice.
    package let description: String

    package init(_ description: String) { self.description = description }

    /// A file that is not as it was written.
    static func damaged(_ file: String, _ reason: String) -> BackupError {
        BackupError("\(file) is damaged, and nothing of it was used: \(reason)")
    }
}
