import Basics
import CloudConfig
import FoundationEssentials

/// Ignition's configuration, which Flatcar and Fedora CoreOS read once, before their first boot.
struct IgnitionOutput {
    private let parts: NodeParts

    init(_ parts: NodeParts) {
        self.parts = parts
    }

    /// Keys are sorted, so that two texts compare line by line.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Strings and numbers only: there is nothing that cannot be encoded.
        guard let data = try? encoder.encode(ignition) else { preconditionFailure("Ignition's model is not JSON") }
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private var ignition: Ignition {
        let users = parts.users.map(user)
        let files = hostname + networkFiles + parts.files.map(file)
        let units = parts.units.map(unit)
        return Ignition(
            passwd: users.isEmpty ? nil : Ignition.Passwd(users: users),
            storage: files.isEmpty ? nil : Ignition.Storage(files: files),
            systemd: units.isEmpty ? nil : Ignition.Systemd(units: units),
        )
    }

    private func user(_ user: CloudConfig.User) -> Ignition.User {
        Ignition.User(
            name: user.name,
            gecos: user.gecos,
            groups: user.groups.isEmpty ? nil : user.groups,
            homeDir: user.homedir,
            noCreateHome: user.noCreateHome ? true : nil,
            noLogInit: user.noLogInit ? true : nil,
            noUserGroup: user.noUserGroup ? true : nil,
            passwordHash: user.passwd,
            primaryGroup: user.primaryGroup,
            shell: user.shell,
            sshAuthorizedKeys: user.sshAuthorizedKeys.isEmpty ? nil : user.sshAuthorizedKeys,
            system: user.system ? true : nil,
        )
    }

    // MARK: Files

    private var hostname: [Ignition.File] {
        guard let hostname = parts.config.hostname, !parts.files.contains(where: { $0.path == "/etc/hostname" }) else {
            return []
        }
        return [file(CloudConfig.File(path: "/etc/hostname", content: "\(hostname)\n", permissions: "0644"))]
    }

    private func file(_ file: CloudConfig.File) -> Ignition.File {
        let owner = (file.owner ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return Ignition.File(
            path: file.path,
            contents: resource(file),
            group: owner.count > 1 ? Ignition.Owner(owner[1]) : nil,
            mode: file.mode & 0o777,
            user: owner.first.flatMap { Ignition.Owner($0) },
        )
    }

    private func resource(_ file: CloudConfig.File) -> Ignition.Resource {
        // What does not decode was refused when the parts were made.
        let bytes = (try? file.decoded()) ?? []
        return Ignition.Resource(source: "data:;base64,\(Base64.encode(bytes))")
    }

    /// NetworkManager's own files; readable by root only, or it ignores them.
    private var networkFiles: [Ignition.File] {
        parts.interfaces.map { interface in
            file(
                CloudConfig.File(
                    path: "/etc/NetworkManager/system-connections/\(interface.id).nmconnection",
                    content: keyfile(interface),
                    permissions: "0600",
                )
            )
        }
    }

    private func keyfile(_ interface: NetworkInterface) -> String {
        var lines = ["[connection]", "id=\(interface.id)", "type=ethernet"]
        if let name = interface.interfaceName { lines.append("interface-name=\(name)") }
        if let mac = interface.macAddress { lines += ["", "[ethernet]", "mac-address=\(mac)"] }
        lines += ["", "[ipv4]"] + family(interface, isIPv6: false)
        lines += ["", "[ipv6]"] + family(interface, isIPv6: true)
        return lines.map { "\($0)\n" }.joined()
    }

    private func family(_ interface: NetworkInterface, isIPv6: Bool) -> [String] {
        func isOurs(_ address: String) -> Bool { address.contains(":") == isIPv6 }
        let addresses = interface.addresses.filter(isOurs)
        var lines: [String] = []
        if isIPv6 ? takesIPv6(interface) : interface.usesDHCPv4 {
            // Adds the configured addresses to those it has.
            lines.append("method=auto")
        } else if !addresses.isEmpty {
            lines.append("method=manual")
        } else {
            lines.append(isIPv6 && interface.hasLinkLocal ? "method=link-local" : "method=disabled")
        }
        for (index, address) in addresses.enumerated() {
            let gateway = index == 0 ? interface.gateway.flatMap { isOurs($0) ? ",\($0)" : nil } ?? "" : ""
            lines.append("address\(index + 1)=\(address)\(gateway)")
        }
        let servers = interface.nameServers.filter(isOurs)
        if !servers.isEmpty { lines.append("dns=\(servers.map { "\($0);" }.joined())") }
        return lines
    }

    private func takesIPv6(_ interface: NetworkInterface) -> Bool {
        interface.usesDHCPv6 || interface.acceptsRouterAdvertisements
    }

    // MARK: Units

    private func unit(_ unit: CloudConfig.Unit) -> Ignition.Unit {
        let dropIns = unit.dropIns.map { Ignition.DropIn(name: $0.name, contents: $0.content) }
        return Ignition.Unit(
            name: unit.name,
            contents: unit.content,
            dropins: dropIns.isEmpty ? nil : dropIns,
            enabled: unit.enable ? true : nil,
            mask: unit.mask ? true : nil,
        )
    }
}
