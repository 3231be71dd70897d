import Basics
import CloudConfig

/// A description without what a guest expresses in its own way: what is left is users, files, units and commands, which
/// both cloud-init and Ignition can express.
struct NodeParts: Sendable {
    let guest: Guest
    let description: NodeDescription
    /// The config with addresses put in.
    var config: CloudConfig
    var findings: [Finding] = []
    var users: [CloudConfig.User] = []
    /// By absolute path; each path once.
    var files: [CloudConfig.File] = []
    /// Lines of `tmpfiles.d`: what has to be made at every boot.
    var temporaryFiles: [String] = []
    /// By name; each name once. No network units.
    var units: [CloudConfig.Unit] = []
    /// Interfaces for guests that are not configured by files.
    var interfaces: [NetworkInterface] = []
    /// Packages a Debian node needs.
    var packages: [String] = []
    /// Commands to systemd at every boot, in order.
    var commands: [Command] = []

    struct Command: Sendable, Hashable {
        var command: CloudConfig.UnitCommand
        var unit: String
    }

    init(_ description: NodeDescription, for guest: Guest) {
        self.guest = guest
        self.description = description
        config = description.config
        resolveAddresses()
        addUsers()
        for file in config.writeFiles { add(file) }
        addRelease()
        addHosts()
        addFlannel()
        addUnits()
        addEtcd()
        addFleet()
        addUpdates()
        addCommands()
        addTemporaryFiles()
    }

    mutating func warn(_ directive: String, _ message: String) {
        findings.append(Finding(severity: .warning, directive: directive, message: message))
    }

    mutating func refuse(_ directive: String, _ message: String) {
        findings.append(Finding(severity: .error, directive: directive, message: message))
    }

    /// One warning for every key of a section that means nothing to the guest.
    mutating func warn<Key: SettingKey>(
        _ settings: Settings<Key>,
        _ message: String,
        where isMeant: (Key) -> Bool = { _ in true },
    ) {
        for (key, value) in settings.inOrder where isMeant(key) && !value.isZero {
            warn("coreos.\(Key.section).\(key.rawValue)", message)
        }
    }

    private mutating func resolveAddresses() {
        var found: [Finding] = []
        config = description.config.mappingTexts { text, directive in
            var unknown: Set<String> = []
            let resolved = description.addresses.replacingTokens(in: text, unknown: &unknown)
            for token in unknown.sorted() {
                let message = "\(token) stands for nothing: the node has no such address"
                found.append(Finding(severity: .error, directive: directive, message: message))
            }
            return resolved
        }
        findings += found
    }

    // MARK: Users

    private mutating func addUsers() {
        let keys = config.sshAuthorizedKeys
        let core = keys.isEmpty ? [] : [CloudConfig.User(name: "core", sshAuthorizedKeys: keys)]
        for user in config.users + core {
            guard !user.name.isEmpty else {
                warn("users.name", "a user without a name is passed over, as CoreOS did")
                continue
            }
            if let index = users.firstIndex(where: { $0.name == user.name }) {
                let known = users[index].sshAuthorizedKeys
                users[index].sshAuthorizedKeys += user.sshAuthorizedKeys.filter { !known.contains($0) }
                if user.passwd != nil { users[index].passwd = user.passwd }
            } else {
                users.append(user)
            }
        }
        for user in users {
            let place = "users[\(user.name)]"
            let message = "keys are not fetched from the network: list them as ssh_authorized_keys"
            if user.importURL != nil { warn("\(place).coreos_ssh_import_url", message) }
            if user.importGithub != nil { warn("\(place).coreos_ssh_import_github", message) }
            if !user.importGithubUsers.isEmpty { warn("\(place).coreos_ssh_import_github_users", message) }
        }
    }

    // MARK: Files

    /// The last of several files at one path is the one that stays.
    mutating func add(_ file: CloudConfig.File) {
        var file = file
        if !file.path.hasPrefix("/") { file.path = "/" + file.path }
        let directive = "write_files[\(file.path)]"
        do {
            let content = try file.decoded()
            if ["/run/", "/tmp/"].contains(where: file.path.hasPrefix) {
                return addTemporaryFile(file, content)
            }
        } catch {
            return refuse("\(directive).content", error.description)
        }
        if guest != .debian, file.mode > 0o777 {
            // Ignition 3.3 drops these bits.
            let path = Self.temporaryFilesWord(file.path)
            temporaryFiles.append("z \(path) \(Self.octal(file.mode)) - - -")
        }
        files.removeAll { $0.path == file.path }
        files.append(file)
    }

    mutating func add(_ path: String, _ content: String, permissions: String = "0644") {
        add(CloudConfig.File(path: path, content: content, permissions: permissions))
    }

    /// A file on a file system that is empty after every boot: CoreOS wrote it at every boot.
    private mutating func addTemporaryFile(_ file: CloudConfig.File, _ content: [UInt8]) {
        let owner = (file.owner ?? "root:root").split(separator: ":", omittingEmptySubsequences: false)
        let user = owner.first.map { $0.isEmpty ? "-" : String($0) } ?? "-"
        let group = owner.count > 1 && !owner[1].isEmpty ? String(owner[1]) : "-"
        let path = Self.temporaryFilesWord(file.path)
        // `~`: the content is base64, so that nothing in it means anything to systemd.
        temporaryFiles.append("f+~ \(path) \(Self.octal(file.mode)) \(user) \(group) - \(Base64.encode(content))")
    }

    static func octal(_ mode: UInt32) -> String { "0" + String(mode, radix: 8) }

    private static func temporaryFilesWord(_ path: String) -> String {
        var quoted = "\""
        for character in path {
            switch character {
            case "%": quoted += "%%"
            case "\"", "\\": quoted += "\\\(character)"
            default: quoted.append(character)
            }
        }
        return quoted + "\""
    }

    private mutating func addTemporaryFiles() {
        guard !temporaryFiles.isEmpty else { return }
        add("/etc/tmpfiles.d/cloud-config.conf", temporaryFiles.map { "\($0)\n" }.joined())
    }

    private mutating func addRelease() {
        let oem = config.coreos.oem
        func text(_ key: OEMKey) -> String { oem[key]?.description ?? "" }
        guard !text(.id).isEmpty else {
            return warn(oem, "without coreos.oem.id nothing is written, as on CoreOS")
        }
        let quoted: [(String, OEMKey)] = [("NAME", .name), ("HOME_URL", .homeURL), ("BUG_REPORT_URL", .bugReportURL)]
        let lines = quoted.map { "\($0)=\"\(Self.shellEscaped(text($1)))\"\n" }.joined()
        add("/etc/oem-release", "ID=\(text(.id))\nVERSION_ID=\(text(.versionID))\n" + lines)
    }

    private static func shellEscaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            if "\"\\$`".contains(character) { escaped += "\\" }
            escaped.append(character)
        }
    }

    private mutating func addHosts() {
        guard config.manageEtcHosts == .localhost else { return }
        let name = config.hostname ?? "localhost"
        // localhost stays: etcd's own defaults name it.
        add("/etc/hosts", "127.0.0.1 localhost\n127.0.0.1 \(name)\n::1 localhost ip6-localhost ip6-loopback\n")
    }

    private mutating func addFlannel() {
        let flannel = config.coreos.flannel
        guard guest == .flatcar else { return warn(flannel, "\(guest.name) has no flannel") }
        let environment = flannel.environment
        guard !environment.isEmpty else { return }
        add("/run/flannel/options.env", environment.map { "\($0.fileLine)\n" }.joined())
    }
}
