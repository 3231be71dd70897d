import CloudConfig

extension NodeDescription.Addresses {
    fileprivate var byToken: [(token: String, address: String)] {
        [
            ("$public_ipv4", publicIPv4), ("$private_ipv4", privateIPv4),
            ("$public_ipv6", publicIPv6), ("$private_ipv6", privateIPv6),
        ]
    }

    /// The text with addresses in the places of their tokens; `\$private_ipv4` stands for the token itself.
    ///
    /// - Parameter unknown: gets the tokens for which there is no address; nothing is left in their place.
    func replacingTokens(in text: String, unknown: inout Set<String>) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var output = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            output += rest[..<dollar]
            rest = rest[dollar...]
            guard let match = byToken.first(where: { rest.hasPrefix($0.token) }) else {
                output.append(rest.removeFirst())
                continue
            }
            rest = rest.dropFirst(match.token.count)
            if output.last == "\\" {
                output.removeLast()
                output += match.token
            } else {
                output += match.address
                if match.address.isEmpty { unknown.insert(match.token) }
            }
        }
        return output + rest
    }
}

extension CloudConfig {
    /// This config with every text in it changed by `change`, which is given the location of each.
    func mappingTexts(_ change: (_ text: String, _ directive: String) -> String) -> CloudConfig {
        var config = self
        config.hostname = hostname.map { change($0, "hostname") }
        config.sshAuthorizedKeys = sshAuthorizedKeys.map { change($0, "ssh_authorized_keys") }
        config.users = users.map { $0.mappingTexts("users", change) }
        config.writeFiles = writeFiles.map { $0.mappingTexts("write_files", change) }
        config.coreos.units = coreos.units.map { $0.mappingTexts("coreos.units", change) }
        config.coreos.etcd = coreos.etcd.mappingTexts(change)
        config.coreos.etcd2 = coreos.etcd2.mappingTexts(change)
        config.coreos.flannel = coreos.flannel.mappingTexts(change)
        config.coreos.fleet = coreos.fleet.mappingTexts(change)
        config.coreos.locksmith = coreos.locksmith.mappingTexts(change)
        config.coreos.oem = coreos.oem.mappingTexts(change)
        config.coreos.update = coreos.update.mappingTexts(change)
        return config
    }
}

extension KeyedStruct {
    fileprivate func mappingTexts(_ section: String, _ change: (String, String) -> String) -> Self {
        var copy = self
        for field in Self.fields {
            let directive = "\(section).\(field.key)"
            switch field.target {
            case .text(let path): copy[keyPath: path] = change(self[keyPath: path], directive)
            case .string(let path): copy[keyPath: path] = self[keyPath: path].map { change($0, directive) }
            case .strings(let path): copy[keyPath: path] = self[keyPath: path].map { change($0, directive) }
            case .bool: break
            case .dropIns(let path):
                copy[keyPath: path] = self[keyPath: path].map { $0.mappingTexts(directive, change) }
            }
        }
        return copy
    }
}

extension Settings {
    fileprivate func mappingTexts(_ change: (String, String) -> String) -> Settings {
        var copy = self
        for (key, value) in inOrder {
            guard case .string(let text) = value else { continue }
            copy[key] = .string(change(text, "coreos.\(Key.section).\(key.rawValue)"))
        }
        return copy
    }
}
