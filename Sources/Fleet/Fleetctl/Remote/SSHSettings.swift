/// Options that ssh is called with. Those that are nil are left to ssh and its configuration.
package struct SSHSettings: Sendable, Hashable {
    /// The user; fleet's default `core` when neither this nor a configuration is given.
    package var username: String?
    /// Seconds until a connection must stand.
    package var timeout = 10.0
    /// A configuration file, as for `ssh -F`.
    package var config: String?
    /// Path of the list of known hosts; nil to check none.
    package var knownHosts: String?
    /// True where a machine whose key has changed is refused.
    package var isStrict = true
    /// A host to go through.
    package var tunnel: String?

    package init() {}
}
