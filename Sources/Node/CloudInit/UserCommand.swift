import CloudConfig

/// The command line that makes a user.
enum UserCommand {
    /// - Parameter hasSudo: whether the machine has the group that `core` is a member of.
    static func arguments(for user: CloudConfig.User, hasSudo: Bool) -> [String] {
        var arguments = ["--password", user.passwd ?? "*"]
        if let gecos = user.gecos { arguments += ["--comment", gecos] }
        if let homedir = user.homedir { arguments += ["--home-dir", homedir] }
        arguments.append(user.noCreateHome ? "--no-create-home" : "--create-home")
        if let group = user.primaryGroup { arguments += ["--gid", group] }
        // CoreOS came with this user, and it could do anything.
        let groups = user.groups.isEmpty && user.name == "core" && hasSudo ? ["sudo"] : user.groups
        if !groups.isEmpty { arguments += ["--groups", groups.joined(separator: ",")] }
        if user.noUserGroup { arguments.append("--no-user-group") }
        if user.system { arguments.append("--system") }
        if user.noLogInit { arguments.append("--no-log-init") }
        if let shell = user.shell { arguments += ["--shell", shell] }
        return arguments + ["--", user.name]
    }
}
