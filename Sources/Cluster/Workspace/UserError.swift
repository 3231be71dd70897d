/// A well-formed request that cannot be met: exit code 1, and no usage text.
package struct UserError: Error, CustomStringConvertible {
    /// Text for the person.
    package let description: String

    /// True where this host may be why: what `slipway doctor` finds is then named below it.
    package let isAboutHost: Bool

    package init(_ description: String, isAboutHost: Bool = false) {
        (self.description, self.isAboutHost) = (description, isAboutHost)
    }
}
