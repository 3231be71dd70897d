extension CloudConfig {
    /// A user to create, or one whose password and keys to set when it is there already.
    package struct User: Sendable, Hashable {
        /// Login name.
        package var name: String
        /// The hash for `/etc/shadow`.
        package var passwd: String?
        /// Public keys, each a line of `authorized_keys`.
        package var sshAuthorizedKeys: [String] = []
        /// GitHub account whose keys are imported (`coreos_ssh_import_github`).
        package var importGithub: String?
        /// GitHub accounts whose keys are imported (`coreos_ssh_import_github_users`).
        package var importGithubUsers: [String] = []
        /// Address of a document with keys in GitHub's format (`coreos_ssh_import_url`).
        package var importURL: String?
        /// Full name, the comment field of `/etc/passwd`.
        package var gecos: String?
        /// Home directory; nil for the default.
        package var homedir: String?
        /// True to make no home directory.
        package var noCreateHome = false
        /// Group in place of one named after the user.
        package var primaryGroup: String?
        /// Groups that the user joins.
        package var groups: [String] = []
        /// True to make no group named after the user.
        package var noUserGroup = false
        /// True for an account of the system, without a home directory of its own.
        package var system = false
        /// True to leave lastlog and faillog alone.
        package var noLogInit = false
        /// Login shell; nil for the default.
        package var shell: String?

        package init(
            name: String = "",
            passwd: String? = nil,
            sshAuthorizedKeys: [String] = [],
            groups: [String] = [],
            shell: String? = nil,
        ) {
            self.name = name
            self.passwd = passwd
            self.sshAuthorizedKeys = sshAuthorizedKeys
            self.groups = groups
            self.shell = shell
        }
    }
}

extension CloudConfig.User: KeyedStruct {
    package static var empty: Self { Self() }

    private static let remote = "trying to fetch from a remote endpoint introduces too many intermittent errors"

    package static let fields: [Field<Self>] = [
        Field("name", .text(\.name)),
        Field("passwd", .string(\.passwd)),
        Field("ssh_authorized_keys", .strings(\.sshAuthorizedKeys)),
        Field("coreos_ssh_import_github", .string(\.importGithub), deprecation: remote),
        Field("coreos_ssh_import_github_users", .strings(\.importGithubUsers), deprecation: remote),
        Field("coreos_ssh_import_url", .string(\.importURL), deprecation: remote),
        Field("gecos", .string(\.gecos)),
        Field("homedir", .string(\.homedir)),
        Field("no_create_home", .bool(\.noCreateHome)),
        Field("primary_group", .string(\.primaryGroup)),
        Field("groups", .strings(\.groups)),
        Field("no_user_group", .bool(\.noUserGroup)),
        Field("system", .bool(\.system)),
        Field("no_log_init", .bool(\.noLogInit)),
        Field("shell", .string(\.shell)),
    ]
}
