import Basics
import Glibc

/// Directory of a node's boot record: `boot` in its directory on the host, ``BootDirectory/onNode`` on the node.
///
/// The node's root user may write there, so what is read is taken for a text of others: no link is followed, and nothing
/// but a regular file of moderate size is read.
package struct BootDirectory: Sendable {
    /// Path on a node.
    package static let onNode = "/boot/slipway"

    /// Name of the record.
    package static let recordName = "state"
    /// Name of the file with the entry that is to be booted next, which the host writes while the node runs.
    package static let stagedName = "staged"
    /// Name of the file with what keeps the node from being well now.
    private static let complaintName = "complaint"
    /// Name of the file with the units that ran on the image before, one a line.
    package static let unitsName = "units"

    /// Name of a file that is there while the node runs an image on trial, for its units to see.
    package static let trialName = "trial"

    /// Longest file that is read.
    private static let limit = 1 << 20

    /// Path of the directory.
    package let path: String

    package init(_ path: String = Self.onNode) { self.path = path }

    // MARK: Record

    /// The record; nil where there is none, or none that can be read.
    package var record: BootRecord? { text(of: Self.recordName).flatMap { BootRecord($0) } }

    /// Replaces the record.
    ///
    /// - Parameter isDurable: whether it is written through to the disk before this returns.
    package func write(_ record: BootRecord, isDurable: Bool = true) throws(SystemFailure) {
        try AtomicFile.write(record.text, to: file(Self.recordName), isDurable: isDurable)
    }

    /// Says to the node's units whether its image is on trial.
    package func mark(isOnTrial: Bool) throws(SystemFailure) {
        guard isOnTrial else { return try remove(Self.trialName) }
        try AtomicFile.write("", to: file(Self.trialName), isDurable: false)
    }

    // MARK: Staged image

    /// Entry that the node takes in at its next boot; nil for none.
    package var staged: BootRecord.Entry? {
        text(of: Self.stagedName).flatMap { BootRecord.Entry(line: $0.prefix { !$0.isNewline }.description) }
    }

    /// Has the node take in an entry at its next boot.
    package func stage(_ entry: BootRecord.Entry) throws(SystemFailure) {
        try AtomicFile.write(entry.line + "\n", to: file(Self.stagedName))
    }

    /// Takes a staged entry back.
    package func unstage() throws(SystemFailure) { try remove(Self.stagedName) }

    // MARK: What the node says

    /// What keeps the node from being well; nil for nothing.
    package var complaint: String? {
        text(of: Self.complaintName).map { String($0.prefix { !$0.isNewline }).asOneLine }.flatMap {
            $0.isEmpty ? nil : $0
        }
    }

    /// Says what keeps the node from being well; nil for nothing.
    package func complain(_ complaint: String?) throws(SystemFailure) {
        guard let complaint else { return try remove(Self.complaintName) }
        try AtomicFile.write(complaint + "\n", to: file(Self.complaintName), isDurable: false)
    }

    /// Units that ran on the image before.
    package var unitsBefore: Set<String> {
        Set(
            (text(of: Self.unitsName) ?? "").split(separator: "\n").compactMap { line in
                // Name, active state and sub-state, or the name alone.
                let words = line.split(separator: " ")
                return words.count < 2 || words[1] == "active" ? words.first.map(String.init) : nil
            }
        )
    }

    /// Keeps the names of the units that run, for the next image.
    package func keep(units: [String]) throws(SystemFailure) {
        let text = units.sorted().map { $0 + "\n" }.joined()
        try AtomicFile.write(text, to: file(Self.unitsName), isDurable: false)
    }

    // MARK: Files

    /// Path of a file of the directory.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    private func text(of name: String) -> String? {
        let descriptor = open(file(name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= Self.limit else {
            return nil
        }
        let bytes = try? WholeFile.bytes(of: descriptor, name: name, limit: Self.limit)
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    private func remove(_ name: String) throws(SystemFailure) {
        guard unlink(file(name)) == 0 || errno == ENOENT else { throw SystemFailure("remove \(file(name))") }
    }
}
