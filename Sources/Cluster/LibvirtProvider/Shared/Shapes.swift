import Glibc
import Libvirt
import Planning
import TopologyModel

/// What of libvirt's descriptions people change by hand, read from them.
extension DomainShape {
    /// Kinds of devices whose coming and going matters, and what tells one of them from another.
    private static let kinds: [(name: String, words: @Sendable (XMLElement) -> String?)] = [
        ("filesystem", { $0.first("target")?["dir"].map { "at \($0)" } }),
        ("disk", { $0.first("target")?["dev"] }),
        ("interface", { $0.first("mac")?["address"]?.lowercased() }),
        ("hostdev", { $0["type"] }),
    ]

    /// - Parameter domain: the document, of a domain that runs or of a definition.
    init(_ domain: XMLElement) {
        let most = domain.first("memory").flatMap(Self.mebibytes) ?? 0
        self.init(
            memoryMiB: min(most, domain.first("currentMemory").flatMap(Self.mebibytes) ?? most),
            cpus: domain.first("vcpu").flatMap { $0["current"].flatMap { Int($0) } ?? Int($0.text) } ?? 0,
            devices: Self.kinds.flatMap { kind in
                domain.all("devices", kind.name).map { "\(kind.name) \(kind.words($0) ?? "")" }
            },
        )
    }

    /// libvirt writes KiB, whatever it was given.
    private static func mebibytes(_ memory: XMLElement) -> Int? {
        let unit = memory["unit"] ?? "KiB"
        guard let amount = Int(memory.text.filter { !$0.isWhitespace }) else { return nil }
        return switch unit {
        case "MiB": amount
        case "GiB": amount << 10
        default: (amount + 512) >> 10
        }
    }
}

/// Files of libvirt's in which definitions are kept.
enum DefinitionFile {
    /// Directory of its daemons' configuration.
    private static let directory = "/etc/libvirt"

    static func path(ofDomain name: String, _ runtime: Runtime) -> String {
        "\(directory)/\(runtime == .vm ? "qemu" : "lxc")/\(name).xml"
    }

    static func path(ofNetwork name: String) -> String { "\(directory)/qemu/networks/\(name).xml" }

    /// Time of the last change, in seconds since 1970; nil where there is no such file, or it may not be looked at.
    static func changed(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }
}

extension NetworkShape {
    /// - Parameter network: the document, of a network that runs or of a definition.
    init(_ network: XMLElement) {
        self.init(
            addresses: network.all("ip").compactMap { ip in
                guard let address = ip["address"] else { return nil }
                return "\(address)/\(ip["prefix"] ?? ip["netmask"].map(Self.prefix) ?? "32")"
            },
            mode: network.first("forward").map { $0["mode"] ?? "nat" } ?? "isolated",
            bridge: network.first("bridge")?["name"] ?? "",
        )
    }

    private static func prefix(_ netmask: String) -> String {
        let bits = netmask.split(separator: ".").compactMap { UInt8($0) }.map(\.nonzeroBitCount)
        return "\(bits.reduce(0, +))"
    }
}

extension Network {
    /// The network's definition; nil where it has none. libvirt's driver for tests has one description for both.
    borrowing func definition() throws(LibvirtError) -> String? {
        guard try isPersistent() else { return nil }
        guard try isActive() else { return try xml() }
        do {
            return try xml(inactive: true)
        } catch {
            guard error.code == .invalidArgument else { throw error }
            return try xml()
        }
    }
}

extension DomainCondition {
    /// Nil for a domain that runs or is off.
    init?(_ state: DomainState) {
        switch state {
        case .paused: self = .paused
        case .crashed: self = .crashed
        case .shuttingDown: self = .shuttingDown
        case .suspendedByGuest: self = .suspended
        case .running, .blocked, .shutOff, .none: return nil
        }
    }
}
