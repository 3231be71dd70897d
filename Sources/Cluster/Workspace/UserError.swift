/// Something the person at the terminal asked for that cannot be: exit code 1, and no usage text, since the words were
/// well formed.
package struct UserError: Error, CustomStringConvertible {
    /// Text for the person.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
