import CloudConfig

/// Files of a NoCloud volume for Canonical's cloud-init, version 22.4 and later.
struct CloudInitOutput {
    private let parts: NodeParts
    private let comment: [String]

    private typealias Value = YAMLText.Value
    private typealias Pair = (key: String, value: YAMLText.Value)

    init(_ parts: NodeParts, comment: [String]) {
        self.parts = parts
        self.comment = comment
    }

    var files: [RenderedFile] {
        var files = [
            RenderedFile(name: "user-data", text: userData),
            RenderedFile(name: "meta-data", text: metaData),
        ]
        if !parts.interfaces.isEmpty { files.append(RenderedFile(name: "network-config", text: networkConfig)) }
        return files
    }

    // MARK: meta-data and network-config

    private var metaData: String {
        var pairs: [Pair] = [("instance-id", .string(parts.description.instanceID))]
        if let hostname = parts.config.hostname { pairs.append(("local-hostname", .string(hostname))) }
        return text(pairs)
    }

    private var networkConfig: String {
        let interfaces = parts.interfaces.map { ($0.id, Value.mapping(pairs(of: $0))) }
        return text([("version", .literal("2")), ("ethernets", .mapping(interfaces))])
    }

    private func pairs(of interface: NetworkInterface) -> [Pair] {
        var pairs: [Pair] = []
        let match: Pair =
            interface.macAddress.map { ("macaddress", .string($0)) } ?? ("name", .string(interface.interfaceName ?? ""))
        pairs.append(("match", .mapping([match])))
        pairs.append(("dhcp4", .literal("\(interface.usesDHCPv4)")))
        if interface.usesDHCPv6 { pairs.append(("dhcp6", .literal("true"))) }
        if !interface.addresses.isEmpty { pairs.append(("addresses", strings(interface.addresses))) }
        if let gateway = interface.gateway {
            // Keys that every version and every back end of cloud-init understands.
            let all = gateway.contains(":") ? "::/0" : "0.0.0.0/0"
            pairs.append(("routes", .list([.mapping([("to", .string(all)), ("via", .string(gateway))])])))
        }
        if !interface.nameServers.isEmpty {
            pairs.append(("nameservers", .mapping([("addresses", strings(interface.nameServers))])))
        }
        if !interface.hasLinkLocal { pairs.append(("link-local", .list([]))) }
        if !interface.acceptsRouterAdvertisements { pairs.append(("accept-ra", .literal("false"))) }
        return pairs
    }

    // MARK: user-data

    private var userData: String {
        let comments = comment.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
        return "\(CloudConfigRenderer.header)\n" + comments + text(userDataPairs)
    }

    private var userDataPairs: [Pair] {
        var pairs: [Pair] = []
        if let hostname = parts.config.hostname {
            pairs.append(("hostname", .string(hostname)))
            pairs.append(("preserve_hostname", .literal("false")))
        }
        if !parts.users.isEmpty { pairs.append(("users", .list(parts.users.map { .mapping(self.pairs(of: $0)) }))) }
        if !hostKeys.isEmpty { pairs.append(("ssh_keys", .mapping(hostKeys))) }
        let written = writtenFiles
        if !written.isEmpty { pairs.append(("write_files", .list(written.map { .mapping(self.pairs(of: $0)) }))) }
        let packages = parts.packages
        if !packages.isEmpty { pairs.append(("packages", strings(packages))) }
        let commands = commands
        if !commands.isEmpty { pairs.append(("runcmd", .list(commands.map { strings($0) }))) }
        return pairs
    }

    private func pairs(of user: CloudConfig.User) -> [Pair] {
        var pairs: [Pair] = [("name", .string(user.name))]
        func add(_ key: String, _ value: Value?) { if let value { pairs.append((key, value)) } }
        add("gecos", user.gecos.map { .string($0) })
        add("homedir", user.homedir.map { .string($0) })
        add("no_create_home", user.noCreateHome ? .literal("true") : nil)
        add("primary_group", user.primaryGroup.map { .string($0) })
        // CoreOS came with this user, and it could do anything.
        let isCore = user.name == "core"
        let groups = user.groups.isEmpty && isCore ? ["sudo"] : user.groups
        add("groups", groups.isEmpty ? nil : strings(groups))
        add("no_user_group", user.noUserGroup ? .literal("true") : nil)
        add("system", user.system ? .literal("true") : nil)
        add("no_log_init", user.noLogInit ? .literal("true") : nil)
        add("shell", (user.shell ?? (isCore ? "/bin/bash" : nil)).map { .string($0) })
        add("sudo", isCore ? .string("ALL=(ALL) NOPASSWD:ALL") : nil)
        if let hash = user.passwd {
            add("lock_passwd", .literal("false"))
            add("hashed_passwd", .string(hash))
        }
        add("ssh_authorized_keys", user.sshAuthorizedKeys.isEmpty ? nil : strings(user.sshAuthorizedKeys))
        return pairs
    }

    // MARK: Files

    private static let hostKeyDirectory = "/etc/ssh/ssh_host_"

    /// `ed25519_private` for `/etc/ssh/ssh_host_ed25519_key`: cloud-init replaces host keys that its configuration does
    /// not have.
    private static func hostKeyName(_ file: CloudConfig.File) -> String? {
        guard file.encoding == nil, file.path.hasPrefix(hostKeyDirectory) else { return nil }
        let rest = file.path.dropFirst(hostKeyDirectory.count)
        for type in ["ecdsa", "ed25519", "rsa"] {
            if rest == "\(type)_key" { return "\(type)_private" }
            if rest == "\(type)_key.pub" { return "\(type)_public" }
        }
        return nil
    }

    private var hostKeys: [Pair] {
        parts.files.compactMap { file in Self.hostKeyName(file).map { ($0, .string(file.content)) } }
    }

    /// The description's own files, then those of its units.
    private var writtenFiles: [CloudConfig.File] {
        let units = parts.units.flatMap { unit in
            let path = "/etc/systemd/system/\(unit.name)"
            let content = unit.content.map { [CloudConfig.File(path: path, content: $0, permissions: "0644")] } ?? []
            return content
                + unit.dropIns.map {
                    CloudConfig.File(path: "\(path).d/\($0.name)", content: $0.content, permissions: "0644")
                }
        }
        return parts.files.filter { Self.hostKeyName($0) == nil } + units
    }

    private func pairs(of file: CloudConfig.File) -> [Pair] {
        var pairs: [Pair] = [("path", .string(file.path))]
        if let owner = Self.namedOwner(file) {
            pairs.append(("owner", .string(owner)))
            // Only then are the users there.
            if !owner.hasPrefix("root") { pairs.append(("defer", .literal("true"))) }
        }
        pairs.append(("permissions", .string(NodeParts.octal(file.mode))))
        if let encoding = file.encoding { pairs.append(("encoding", .string(encoding.rawValue))) }
        pairs.append(("content", .string(file.content)))
        return pairs
    }

    /// An owner that cloud-init understands: names only, and a user first.
    private static func namedOwner(_ file: CloudConfig.File) -> String? {
        guard let owner = file.owner, !isOdd(owner) else { return nil }
        return owner
    }

    private static func isOdd(_ owner: String) -> Bool {
        owner.hasPrefix(":") || owner.split(separator: ":").contains { $0.allSatisfy(\.isNumber) }
    }

    // MARK: Commands

    private var commands: [[String]] {
        var commands: [[String]] = []
        for file in writtenFiles {
            if let owner = file.owner, Self.isOdd(owner) { commands.append(["chown", owner, file.path]) }
            // The kernel takes the set-user-ID bit away when the owner is set.
            if file.mode > 0o777 { commands.append(["chmod", NodeParts.octal(file.mode), file.path]) }
        }
        if !parts.temporaryFiles.isEmpty {
            commands.append(["systemd-tmpfiles", "--create", "/etc/tmpfiles.d/cloud-config.conf"])
        }
        if parts.files.contains(where: { $0.path.hasPrefix("/etc/systemd/network/") }) {
            commands.append(["systemctl", "try-restart", "systemd-networkd.service"])
        }
        guard !parts.units.isEmpty else { return commands }
        commands.append(["systemctl", "daemon-reload"])
        for unit in parts.units where unit.mask { commands.append(["systemctl", "mask", unit.name]) }
        for unit in parts.units where unit.enable { commands.append(["systemctl", "enable", unit.name]) }
        if !parts.commands.isEmpty { commands.append(["systemctl", "start", "--no-block", NodeParts.commandsUnit]) }
        return commands
    }

    // MARK: Text

    private func strings(_ texts: [String]) -> Value { .list(texts.map { .string($0) }) }

    private func text(_ pairs: [Pair]) -> String {
        var writer = YAMLText()
        writer.write(pairs, indent: 0)
        return writer.text
    }
}
