import Basics

/// Record of what earlier runs did to the system for one source of user-data, so that the next one takes back what its
/// config no longer names.
package struct AppliedManifest: Sendable, Hashable {
    /// One thing that was done.
    package enum Item: Sendable, Hashable {
        case file(path: String, Fingerprint)
        /// A unit's file or drop-in.
        case unitFile(path: String, Fingerprint)
        case networkUnit(path: String, Fingerprint)
        case mask(path: String)
        case enabled(unit: String)
        case started(unit: String)
        /// Keys of a user, under the name that they are kept by.
        case keys(user: String, name: String)
        /// A user that this program made.
        case user(String)
        /// A user that this program made, and whose login it took.
        case lockedUser(String)
        /// A group that a user was put in whom this program made.
        case group(user: String, name: String)
    }

    /// Tells whether a file is still as it was written.
    package struct Fingerprint: Sendable, Hashable {
        var hash: String
        var mode: UInt32

        /// Of a file with this content and mode.
        package init(_ content: [UInt8], mode: UInt32) {
            hash = FNV1a.digits(of: content)
            self.mode = mode
        }

        /// Of a port's unit that no record tells of: it is known by a setting that only Slipway writes there.
        static let unknown = Fingerprint(hash: "", mode: 0)

        private init(hash: String, mode: UInt32) {
            self.hash = hash
            self.mode = mode
        }

        func fits(_ content: [UInt8], mode: UInt32) -> Bool {
            if self == .unknown { return content.firstRange(of: Array("FreeBind=true".utf8)) != nil }
            return FNV1a.digits(of: content) == hash && mode == self.mode
        }

        init?(hash: Substring, mode: Substring) {
            guard let mode = UInt32(mode, radix: 8) else { return nil }
            self.hash = String(hash)
            self.mode = mode
        }
    }

    /// All that was done.
    package var items: Set<Item>

    package init(_ items: Set<Item> = []) {
        self.items = items
    }
}

// MARK: What items are about

extension AppliedManifest.Item {
    /// The file it wrote; nil where it wrote none.
    var path: String? {
        switch self {
        case .file(let path, _), .unitFile(let path, _), .networkUnit(let path, _), .mask(let path):
            path
        default: nil
        }
    }

    /// Equal for two items of which one replaces the other.
    var subject: String {
        switch self {
        case .file, .unitFile, .networkUnit, .mask: "path \(path ?? "")"
        case .enabled(let unit): "enabled \(unit)"
        case .started(let unit): "started \(unit)"
        case .keys(let user, let name): "keys \(user) \(name)"
        case .user(let name): "user \(name)"
        case .lockedUser(let name): "locked \(name)"
        case .group(let user, let name): "group \(user) \(name)"
        }
    }

    /// The place in which it is taken back: units stop before their files go.
    var rank: Int {
        switch self {
        case .group: 0
        case .keys: 1
        case .user, .lockedUser: 2
        case .started: 3
        case .enabled: 4
        case .unitFile: 5
        case .networkUnit: 6
        case .mask: 7
        case .file: 8
        }
    }
}

// MARK: As text

extension AppliedManifest {
    private static let heading = "coreos-cloudinit applied 1"

    /// A line for each item, its fields with tabs between them.
    package var text: String {
        ([Self.heading] + items.map(Self.line).sorted()).map { $0 + "\n" }.joined()
    }

    /// Nil for a text of another version. Lines of a kind that is not known are passed over.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == Self.heading[...], lines.last == "" else { return nil }
        items = Set(lines.dropFirst().compactMap(Self.item))
    }

    private static func line(_ item: Item) -> String {
        let fields: [String] =
            switch item {
            case .file(let path, let print): ["file", print.hash, String(print.mode, radix: 8), path]
            case .unitFile(let path, let print): ["unit", print.hash, String(print.mode, radix: 8), path]
            case .networkUnit(let path, let print):
                ["network", print.hash, String(print.mode, radix: 8), path]
            case .mask(let path): ["mask", path]
            case .enabled(let unit): ["enabled", unit]
            case .started(let unit): ["started", unit]
            case .keys(let user, let name): ["keys", user, name]
            case .user(let name): ["user", name]
            case .lockedUser(let name): ["locked", name]
            case .group(let user, let name): ["group", user, name]
            }
        return fields.map(escaped).joined(separator: "\t")
    }

    private static func item(_ line: Substring) -> Item? {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(unescaped)
        switch (fields.first, fields.count) {
        case ("file", 4): return print(fields).map { .file(path: fields[3], $0) }
        case ("unit", 4): return print(fields).map { .unitFile(path: fields[3], $0) }
        case ("network", 4): return print(fields).map { .networkUnit(path: fields[3], $0) }
        case ("mask", 2): return .mask(path: fields[1])
        case ("enabled", 2): return .enabled(unit: fields[1])
        case ("started", 2): return .started(unit: fields[1])
        case ("keys", 3): return .keys(user: fields[1], name: fields[2])
        case ("user", 2): return .user(fields[1])
        case ("locked", 2): return .lockedUser(fields[1])
        case ("group", 3): return .group(user: fields[1], name: fields[2])
        default: return nil
        }
    }

    private static func print(_ fields: [String]) -> Fingerprint? {
        Fingerprint(hash: fields[1][...], mode: fields[2][...])
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\t", with: "%09").replacing("\n", with: "%0A")
    }

    private static func unescaped(_ text: Substring) -> String {
        String(
            text.replacing("%0A", with: "\n").replacing("%09", with: "\t").replacing("%25", with: "%")
        )
    }
}
