import CloudConfig
import Diagnostics
import UnitFiles

/// A network interface as a plain `.network` unit describes it, for systems that are not configured by such units.
struct NetworkInterface: Sendable, Hashable {
    /// The unit's name without `.network`.
    var id: String
    var macAddress: String?
    var interfaceName: String?
    /// With their prefix lengths.
    var addresses: [String] = []
    var gateway: String?
    var nameServers: [String] = []
    var usesDHCPv4 = false
    var usesDHCPv6 = false
    var hasLinkLocal = true
    var acceptsRouterAdvertisements = true

    /// Setting of a `.network` unit that has no counterpart here.
    struct Untranslatable: Error { var reason: String }

    init(_ unit: CloudConfig.Unit) throws(Untranslatable) {
        id = String(unit.name.dropLast(".network".count))
        guard unit.dropIns.isEmpty else { throw Untranslatable(reason: "it has drop-ins") }
        let (file, diagnostics) = UnitFile.parse(unit.content ?? "", origin: TextOrigin(file: unit.name))
        guard !diagnostics.hasErrors else { throw Untranslatable(reason: "it is no valid unit file") }
        for option in file.options { try take(option) }
        guard macAddress != nil || interfaceName != nil else {
            throw Untranslatable(reason: "it matches no interface by MACAddress= or Name=")
        }
        guard usesDHCPv4 || usesDHCPv6 || !addresses.isEmpty else {
            throw Untranslatable(reason: "it has neither address nor DHCP")
        }
    }

    private mutating func take(_ option: UnitOption) throws(Untranslatable) {
        switch (option.section, option.name) {
        case ("Match", "MACAddress"): macAddress = option.value.lowercased()
        case ("Match", "Name") where !option.value.contains { "*?[! ".contains($0) }: interfaceName = option.value
        case ("Network", "Address") where option.value.contains("/"): addresses.append(option.value)
        case ("Network", "Gateway") where gateway == nil: gateway = option.value
        case ("Network", "DNS"): nameServers += option.value.split(separator: " ").map(String.init)
        case ("Network", "DHCP"): try takeDHCP(option)
        case ("Network", "LinkLocalAddressing"): hasLinkLocal = try flag(option, also: ["ipv6": true])
        case ("Network", "IPv6AcceptRA"): acceptsRouterAdvertisements = try flag(option)
        default: throw Untranslatable(reason: "it has [\(option.section)] \(option.name)=\(option.value)")
        }
    }

    private mutating func takeDHCP(_ option: UnitOption) throws(Untranslatable) {
        usesDHCPv4 = try flag(option, also: ["ipv4": true, "ipv6": false])
        usesDHCPv6 = try flag(option, also: ["ipv4": false, "ipv6": true])
    }

    private func flag(_ option: UnitOption, also words: [String: Bool] = [:]) throws(Untranslatable) -> Bool {
        let known = ["yes": true, "true": true, "no": false, "false": false].merging(words) { $1 }
        if let flag = known[option.value] { return flag }
        throw Untranslatable(reason: "it has [\(option.section)] \(option.name)=\(option.value)")
    }
}
