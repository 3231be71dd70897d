import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension ValidationRule {
    static let cloudInit = [
        cloudInitSections, cloudInitKeys, cloudInitFiles, cloudInitUsers, cloudInitEtcHosts, cloudInitAddresses,
        encoding,
    ]

    /// Everything under `coreos:` is for another program.
    static let cloudInitSections = ValidationRule("cloud-init: coreos") { root in
        root.pairs("coreos").map { pair in
            .error(
                "cloud-init knows no \"\(pair.key)\": nothing under it has any effect",
                at: pair.keyLocation,
                notes: ["units become write_files in /etc/systemd/system, and runcmd with systemctl enable --now"],
            )
        }
    }

    /// cloud-init spells its keys with `_`, and takes no other for them, but for those of users.
    static let cloudInitKeys = ValidationRule("cloud-init: keys") { root in
        let files = root.elements("write_files").flatMap { $0.pairs ?? [] }
        return ((root.pairs ?? []) + files).compactMap { pair in
            let known = ConfigShape.cloudInitKeys
            guard pair.key != pair.foldedKey, known.contains(pair.foldedKey) else { return nil }
            let notes = ["write \(pair.foldedKey)"]
            return .error("cloud-init ignores \"\(pair.key)\"", at: pair.keyLocation, notes: notes)
        }
    }

    /// A mode without quotes is a number to it, and a decimal one, so another mode, unless it begins with a zero.
    static let cloudInitFiles = ValidationRule("cloud-init: write_files") { root in
        root.elements("write_files").compactMap { file in
            guard let pair = file.pair(["permissions"]), pair.value.scalar?.style == .plain,
                let text = pair.value.asString, pair.value.asInt(.coreOS) != nil
            else { return nil }
            let isOctal = text.hasPrefix("0")
            let notes = ["write '\(isOctal ? text : "0" + text)', with the quotes"]
            return Diagnostic(
                isOctal ? .warning : .error,
                isOctal ? "permissions are a text to cloud-init" : "cloud-init reads \(text) as a decimal number",
                at: pair.valueLocation,
                notes: notes,
            )
        }
    }

    static let cloudInitUsers = ValidationRule("cloud-init: users") { root in
        let users = root.elements("users")
        let remote = users.flatMap { $0.pairs ?? [] }.filter { $0.foldedKey.hasPrefix("coreos_ssh_import") }
        let imports: [Diagnostic] = remote.map { pair in
            .error("cloud-init knows no \"\(pair.key)\"", at: pair.keyLocation, notes: ["it has ssh_import_id"])
        }
        guard let pair = root.pairs("users").last, !users.contains(where: { $0.asString == "default" }) else {
            return imports
        }
        let notes = ["add `- default` to the list to keep the image's own user"]
        let message = "cloud-init makes only these users, and not its default one"
        return imports + [.warning(message, at: pair.keyLocation, notes: notes)]
    }

    static let cloudInitEtcHosts = ValidationRule("cloud-init: manage_etc_hosts") { root in
        guard let pair = root.pair(["manage_etc_hosts"]), let text = pair.value.asString,
            text != "localhost", text != "template", pair.value.asBool(.coreOS) == nil
        else { return [] }
        let notes = ["valid: true, false, localhost"]
        return [.error("cloud-init takes no \"\(text)\" for manage_etc_hosts", at: pair.valueLocation, notes: notes)]
    }

    /// Only coreos-cloudinit puts addresses in.
    static let cloudInitAddresses = ValidationRule("cloud-init: addresses") { root in
        root.scalars.filter { SampleAddresses.filled($0.scalar?.text ?? "") != $0.scalar?.text ?? "" }.map { node in
            .warning(
                "cloud-init leaves $private_ipv4 and its like as they are",
                at: node.location,
                notes: ["it has `## template: jinja` and {{ ds.meta_data.local_ipv4 }}"],
            )
        }
    }
}

extension ConfigShape {
    /// The keys that both programs know, at the top or of a file.
    fileprivate static let cloudInitKeys: Set<String> = {
        let top = ["hostname", "manage_etc_hosts", "ssh_authorized_keys", "users", "write_files"]
        return Set(top + CloudConfig.File.keys.map(\.name))
    }()
}
