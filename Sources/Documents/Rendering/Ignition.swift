/// Ignition's own model, version 3.3.0, as far as a node needs it. Names are those of its JSON.
struct Ignition: Encodable, Sendable, Hashable {
    struct Header: Encodable, Sendable, Hashable { var version = "3.3.0" }

    struct Passwd: Encodable, Sendable, Hashable { var users: [User] }

    struct User: Encodable, Sendable, Hashable {
        var name: String
        var gecos: String?
        var groups: [String]?
        var homeDir: String?
        var noCreateHome: Bool?
        var noLogInit: Bool?
        var noUserGroup: Bool?
        var passwordHash: String?
        var primaryGroup: String?
        var shell: String?
        var sshAuthorizedKeys: [String]?
        var system: Bool?
    }

    struct Storage: Encodable, Sendable, Hashable { var files: [File] }

    struct File: Encodable, Sendable, Hashable {
        var path: String
        var contents: Resource
        var group: Owner?
        var mode: UInt32
        var overwrite = true
        var user: Owner?
    }

    struct Resource: Encodable, Sendable, Hashable {
        var compression: String?
        var source: String
    }

    struct Owner: Encodable, Sendable, Hashable {
        var id: Int?
        var name: String?

        init?(_ text: some StringProtocol) {
            guard !text.isEmpty else { return nil }
            if let id = Int(text) { self.id = id } else { name = String(text) }
        }
    }

    struct Systemd: Encodable, Sendable, Hashable { var units: [Unit] }

    struct Unit: Encodable, Sendable, Hashable {
        var name: String
        var contents: String?
        var dropins: [DropIn]?
        var enabled: Bool?
        var mask: Bool?
    }

    struct DropIn: Encodable, Sendable, Hashable {
        var name: String
        var contents: String
    }

    var ignition = Header()
    var passwd: Passwd?
    var storage: Storage?
    var systemd: Systemd?
}
