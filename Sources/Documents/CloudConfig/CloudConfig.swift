/// A whole cloud-config, as CoreOS read it at boot.
///
/// An empty text, `false` and an empty list mean the same as a key that is not there, as they did to the original.
package struct CloudConfig: Sendable, Hashable {
    /// Host name to set; nil leaves it as it is.
    package var hostname: String?
    /// Public keys for the user `core`.
    package var sshAuthorizedKeys: [String]
    /// Users to make, in this order.
    package var users: [User]
    /// Files to write, in this order.
    package var writeFiles: [File]
    /// Handling of `/etc/hosts`; nil leaves it as it is.
    package var manageEtcHosts: EtcHosts?
    /// The `coreos` section.
    package var coreos: CoreOS

    package init(
        hostname: String? = nil,
        sshAuthorizedKeys: [String] = [],
        users: [User] = [],
        writeFiles: [File] = [],
        manageEtcHosts: EtcHosts? = nil,
        coreos: CoreOS = CoreOS(),
    ) {
        self.hostname = hostname
        self.sshAuthorizedKeys = sshAuthorizedKeys
        self.users = users
        self.writeFiles = writeFiles
        self.manageEtcHosts = manageEtcHosts
        self.coreos = coreos
    }

    /// True when nothing is set.
    package var isEmpty: Bool { self == CloudConfig() }

    /// The one thing the original could do to `/etc/hosts`.
    package enum EtcHosts: String, Sendable, Hashable, CaseIterable {
        /// The node's own name is an address of the loopback interface.
        case localhost
    }
}
