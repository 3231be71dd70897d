/// A well-formed request that cannot be met: exit code 1, and no usage text.
package struct UserError: Error, CustomStringConvertible {
    /// Text for the person.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
