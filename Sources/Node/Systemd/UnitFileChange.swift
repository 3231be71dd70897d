/// One link that enabling, linking or masking made or removed.
package struct UnitFileChange: Sendable, Hashable {
    /// `symlink` or `unlink`.
    package var kind: String
    /// The link.
    package var path: String
    /// What it points to; empty when it was removed.
    package var target: String

    package init(kind: String, path: String, target: String) {
        self.kind = kind
        self.path = path
        self.target = target
    }
}
