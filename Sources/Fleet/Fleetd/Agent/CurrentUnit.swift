/// A unit that is loaded on this machine.
package struct CurrentUnit: Sendable, Equatable {
    /// Name with suffix.
    package var name: String
    /// Of its file's text.
    package var hash: String
    /// It was started and not stopped since, whatever became of it.
    package var launched: Bool

    package init(name: String, hash: String, launched: Bool) {
        self.name = name
        self.hash = hash
        self.launched = launched
    }
}
