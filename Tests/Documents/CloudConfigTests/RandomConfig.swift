import Basics
import CloudConfig
import TestKit

/// Cloud-configs nobody would write, to see whether they come back as they went.
struct RandomConfig {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func config() -> CloudConfig {
        CloudConfig(
            hostname: maybe { $0.text() },
            sshAuthorizedKeys: list { $0.text() },
            users: list { $0.user() },
            writeFiles: list { $0.file() },
            manageEtcHosts: maybe { _ in .localhost },
            coreos: CoreOS(
                etcd: settings(),
                etcd2: settings(),
                flannel: settings(),
                fleet: settings(),
                locksmith: settings(),
                oem: settings(),
                update: settings(),
                units: list { $0.unit() },
            ),
        )
    }

    private static let words = [
        "yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "~", "0644", "0x1a4", "0b1", "0o17", "1_000",
        "1:30",
        "2016-01-01", "1e3", ".5", "1.", ".inf", ".NaN", "-1", "+5", "=", "<<", "---", "...", "- a", "a: b", "a #b",
        "#a",
        " lead", "trail ", "a:", ":a", "%H", "@x", "`x`", "'q'", "\"q\"", "it's", "back\\slash", "{a}", "[a]", "a,b",
        "!t", "&a", "*a", "?a", "? a", "|", ">", "tab\there", "\ttab", "é", "日本", "🇨🇭", "a\u{85}b", "a\u{2028}b",
        "x\u{FEFF}",
        "a\u{A0}b", "\u{7}bell", "\r", "a\r\nb", "10.0.0.1", "http://10.0.0.1:2380", "ssh-rsa AAAA+/= me@host", "$x",
        "\u{1F600}", "[Unit]\nDescription=x\n", "a\nb", "a\n\n", "\n", "\na\n", "  a\nb\n", "a\n  b\n", "a\n \n",
        "a\n\n\nb\n\n",
        "a \n b", "#c\nd\n", "a\n#b\n", "--- x\ny\n", "a\n\tb\n", "x\u{85}\ny\n", "end\\\n",
        "key: value\nlist:\n  - a\n",
    ]

    mutating func text() -> String {
        let count = Int.random(in: 1...3, using: &generator)
        return (0..<count).map { _ in Self.words.randomElement(using: &generator) ?? "x" }
            .joined(separator: ["", " ", "\n"].randomElement(using: &generator) ?? "")
    }

    private mutating func maybe<T>(_ make: (inout Self) -> T) -> T? {
        Bool.random(using: &generator) ? make(&self) : nil
    }

    private mutating func list<T>(_ make: (inout Self) -> T) -> [T] {
        (0..<Int.random(in: 0...2, using: &generator)).map { _ in make(&self) }
    }

    private mutating func user() -> CloudConfig.User {
        var user = CloudConfig.User(name: text(), sshAuthorizedKeys: list { $0.text() }, groups: list { $0.text() })
        user.gecos = maybe { $0.text() }
        user.importGithubUsers = list { $0.text() }
        user.system = Bool.random(using: &generator)
        user.noCreateHome = Bool.random(using: &generator)
        return user
    }

    private mutating func file() -> CloudConfig.File {
        var file = CloudConfig.File(path: text(), content: maybe { $0.text() } ?? "", owner: maybe { $0.text() })
        file.permissions = maybe { _ in "0644" }
        if Bool.random(using: &generator) {
            file.encoding = .base64
            file.content = Base64.encode(file.content.utf8)
        }
        return file
    }

    private mutating func unit() -> CloudConfig.Unit {
        CloudConfig.Unit(
            name: text().filter { $0 != "/" } + "x",
            mask: Bool.random(using: &generator),
            enable: Bool.random(using: &generator),
            runtime: Bool.random(using: &generator),
            content: maybe { $0.text() },
            command: CloudConfig.UnitCommand.allCases.randomElement(using: &generator),
            dropIns: list { CloudConfig.DropIn(name: $0.text(), content: $0.text()) },
        )
    }

    private mutating func settings<Key>() -> Settings<Key> {
        var settings = Settings<Key>()
        for key in Key.allCases where Int.random(in: 0..<4, using: &generator) == 0 {
            settings[key] = value(of: key)
        }
        return settings
    }

    private mutating func value(of key: some SettingKey) -> SettingValue {
        switch key.type {
        case .int: .int(Int.random(in: -5...1_000_000, using: &generator))
        case .bool: .bool(Bool.random(using: &generator))
        case .double: .double(Double.random(in: 0...2_000_000, using: &generator))
        case .string:
            switch key.validity {
            case .oneOf(let words): .string(words.randomElement(using: &generator) ?? "")
            case .rebootWindowStart: "Thu 04:00"
            case .rebootWindowLength: "1h30m"
            case .octalMode, nil: .string(text())
            }
        }
    }
}
