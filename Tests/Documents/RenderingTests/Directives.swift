import CloudConfig
import Testing

/// Every directive of the model, each with a config that has it and nothing else.
enum Directives {
    struct Case: Sendable, CustomTestStringConvertible {
        /// As findings name it, without what is in brackets.
        var name: String
        /// With it.
        var config: CloudConfig
        /// The same without it.
        var bare: CloudConfig

        var testDescription: String { name }
    }

    static let all: [Case] =
        topLevel + settings(\.etcd) + settings(\.etcd2) + settings(\.flannel) + settings(\.fleet) + locksmith
        + oem + settings(\.update)
        + structs("users", \.users, CloudConfig.User(name: "elroy"))
        + structs("write_files", \.writeFiles, CloudConfig.File(path: "/opt/a", content: "x"))
        + structs("coreos.units", \.coreos.units, CloudConfig.Unit(name: "a.service", content: "[Service]\n"))
        + structs("coreos.units", \.coreos.units, CloudConfig.Unit(name: "a.network", content: network))
        + structs("coreos.units", \.coreos.units, CloudConfig.Unit(name: "a.netdev", content: "[NetDev]\n"))

    private static let network = "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"

    private static var topLevel: [Case] {
        [
            Case(name: "hostname", config: CloudConfig(hostname: "core-01"), bare: CloudConfig()),
            Case(name: "ssh_authorized_keys", config: CloudConfig(sshAuthorizedKeys: ["key"]), bare: CloudConfig()),
            Case(name: "manage_etc_hosts", config: CloudConfig(manageEtcHosts: .localhost), bare: CloudConfig()),
        ]
    }

    // MARK: Sections of coreos

    private static func settings<Key>(
        _ section: WritableKeyPath<CoreOS, Settings<Key>>,
        with others: CoreOS = CoreOS(),
    ) -> [Case] {
        Key.allCases.compactMap { key in
            guard others[keyPath: section][key] == nil else { return nil }
            var coreos = others
            coreos[keyPath: section][key] = value(of: key)
            let name = "coreos.\(Key.section).\(key.rawValue)"
            return Case(name: name, config: CloudConfig(coreos: coreos), bare: CloudConfig(coreos: others))
        }
    }

    private static func value(of key: some SettingKey) -> SettingValue {
        if case .oneOf(let words) = key.validity { return .string(words[0]) }
        switch key.validity {
        case .rebootWindowStart: return "Thu 04:00"
        case .rebootWindowLength: return "1h30m"
        default: break
        }
        switch key.type {
        case .string: return "value-of-\(key.rawValue)"
        case .int: return 4711
        case .bool: return true
        case .double: return 47.5
        }
    }

    /// The window by itself, and as it is meant: with a strategy, and both its ends.
    private static var locksmith: [Case] {
        let whole: Settings<LocksmithKey> = [.windowStart: "Thu 04:00", .windowLength: "1h"]
        let windows = LocksmithKey.allCases.filter { whole[$0] != nil }.flatMap { key in
            ["off", "reboot", "etcd-lock"].map { strategy in
                var with = CoreOS(update: [.rebootStrategy: "\(strategy)"])
                with.locksmith = whole
                var without = with
                without.locksmith[key] = nil
                let name = "coreos.locksmith.\(key.rawValue)"
                return Case(name: name, config: CloudConfig(coreos: with), bare: CloudConfig(coreos: without))
            }
        }
        return settings(\.locksmith) + windows
    }

    /// Alone, and beside the `id` without which CoreOS wrote nothing.
    private static var oem: [Case] { settings(\.oem) + settings(\.oem, with: CoreOS(oem: [.id: "xen"])) }

    // MARK: Elements of lists

    private static func structs<Element: KeyedStruct>(
        _ section: String,
        _ list: WritableKeyPath<CloudConfig, [Element]>,
        _ bare: Element,
    ) -> [Case] {
        Element.fields.compactMap { field in
            var element = bare
            set(field, in: &element)
            var (config, without) = (CloudConfig(), CloudConfig())
            config[keyPath: list] = [element]
            without[keyPath: list] = [bare]
            return Case(name: "\(section).\(field.key)", config: config, bare: without)
        }
    }

    private static func set<Element: KeyedStruct>(_ field: Field<Element>, in element: inout Element) {
        var word = "value"
        switch field.validity {
        case .oneOf(let words): word = words[0]
        case .octalMode: word = "4750"
        default: break
        }
        switch field.target {
        case .text(let path) where field.key == "name": element[keyPath: path] = "other-" + element[keyPath: path]
        case .text(let path): element[keyPath: path] = word
        case .string(let path) where field.key == "encoding":
            element[keyPath: path] = word
            // What is written is in that encoding.
            if var file = element as? CloudConfig.File {
                file.content = "YQ=="
                if let packed = file as? Element { element = packed }
            }
        case .string(let path): element[keyPath: path] = field.key == "content" ? "[Match]\nName=eth1\n" : word
        case .bool(let path): element[keyPath: path] = true
        case .strings(let path): element[keyPath: path] = [word]
        case .dropIns(let path):
            element[keyPath: path] = [CloudConfig.DropIn(name: "10-a.conf", content: "[Service]\nNice=1\n")]
        }
    }
}
