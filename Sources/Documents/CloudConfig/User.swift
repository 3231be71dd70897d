extension CloudConfig {
    /// A user to create, or one whose password and keys to set when it is there already.
    package struct User: Sendable, Hashable {
        package var name: String
        /// The hash for `/etc/shadow`.
        package var passwd: String?
        package var sshAuthorizedKeys: [String] = []
        package var importGithub: String?
        package var importGithubUsers: [String] = []
        package var importURL: String?
        package var gecos: String?
        package var homedir: String?
        package var noCreateHome = false
        package var primaryGroup: String?
        package var groups: [String] = []
        package var noUserGroup = false
        package var system = false
        package var noLogInit = false
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
