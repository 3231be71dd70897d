import Planning

/// Services of this host's systemd that nodes depend on, or that change what nodes can reach.
enum HostServices {
    /// A unit as `systemctl show` tells of it.
    struct Unit: Equatable {
        var isInstalled = false
        var isEnabled = false
        var isActive = false
    }

    /// Form of libvirt's daemons: one for everything, as Debian and Ubuntu package it, or one for each driver.
    private enum Form { case single, split }

    private static let single = ["libvirtd"]
    /// Those that start nodes, networks and pools at boot. The first is what a host without virtual machines needs.
    private static let split = ["virtlxcd", "virtqemud", "virtnetworkd", "virtstoraged"]
    private static let service = "libvirt's service"
    private static let firewall = "firewalld"

    /// Units that ``HostFacts/units`` tells of.
    static let names = (single + split).flatMap { ["\($0).service", "\($0).socket"] } + ["\(firewall).service"]

    /// Properties that `systemctl show` is asked for.
    static let properties = "Id,LoadState,UnitFileState,ActiveState"

    /// - Parameter text: output of `systemctl show`: a paragraph for each unit.
    static func units(_ text: String) -> [String: Unit] {
        var units: [String: Unit] = [:]
        for paragraph in text.split(separator: "\n\n") {
            let pairs = paragraph.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
            let values = Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }, uniquingKeysWith: { $1 })
            guard let name = values["Id"] else { continue }
            units[String(name)] = Unit(
                isInstalled: values["LoadState"] == "loaded",
                isEnabled: ["enabled", "enabled-runtime", "static", "alias"].contains(values["UnitFileState"] ?? ""),
                isActive: values["ActiveState"] == "active",
            )
        }
        return units
    }

    static func findings(_ answer: HostFacts.Answer) -> [HostFinding] {
        guard case .said(let text) = answer else {
            return [service, firewall].map { HostFinding(what: $0, level: .ok, detail: "no systemd here") }
        }
        let units = units(text)
        return [daemons(units), firewall(units)]
    }

    /// Whether nodes come back with the host: a socket alone starts libvirt when somebody asks for it, not at boot.
    private static func daemons(_ units: [String: Unit]) -> HostFinding {
        guard let form = form(units) else { return HostFinding(what: service, level: .ok, detail: "not installed") }
        let needed = (form == .single ? single : split).filter { units["\($0).service"]?.isInstalled == true }
        let late = needed.filter { units["\($0).service"]?.isEnabled != true }
        let what = form == .single ? "one for all drivers" : "one a driver"
        guard !late.isEmpty else {
            return HostFinding(what: service, level: .ok, detail: "\(what), started at boot")
        }
        return HostFinding(
            what: service,
            level: .warning,
            detail:
                "\(what); \(late.joined(separator: ", ")) not started at boot, so nodes do not come back by themselves",
            fix: ["systemctl enable \(late.map { "\($0).service" }.joined(separator: " "))"],
        )
    }

    /// The form that is in use; where both are installed, the one that is enabled or runs.
    private static func form(_ units: [String: Unit]) -> Form? {
        func any(_ names: [String], _ property: (Unit) -> Bool) -> Bool {
            names.contains { name in
                ["\(name).service", "\(name).socket"].compactMap { units[$0] }.contains(where: property)
            }
        }
        if any(single, { $0.isActive || $0.isEnabled }) { return .single }
        if any(split, { $0.isActive || $0.isEnabled }) { return .split }
        if any(single, \.isInstalled) { return .single }
        return any(split, \.isInstalled) ? .split : nil
    }

    /// Command lines that make libvirt answer where it does not; empty where there is no systemd.
    static func remedy(_ answer: HostFacts.Answer) -> [String] {
        guard case .said(let text) = answer else { return [] }
        let units = units(text)
        switch form(units) {
        case .single?: return ["systemctl enable --now libvirtd.service libvirtd.socket"]
        case .split?:
            let there = split.filter { units["\($0).service"]?.isInstalled == true }
            return [
                "systemctl enable --now \(there.flatMap { ["\($0).service", "\($0).socket"] }.joined(separator: " "))"
            ]
        case nil:
            let packages = "libvirt-daemon-system libvirt-daemon-driver-lxc"
            return ["apt-get install -y \(packages)", "systemctl enable --now libvirtd.service libvirtd.socket"]
        }
    }

    /// libvirt puts the bridges of its networks into firewalld's zone `libvirt`, which lets nodes ask the host for
    /// addresses and names only.
    private static func firewall(_ units: [String: Unit]) -> HostFinding {
        guard units["\(firewall).service"]?.isActive == true else {
            return HostFinding(what: firewall, level: .ok, detail: "does not run")
        }
        return HostFinding(
            what: firewall,
            level: .warning,
            detail: "runs: nodes reach only those services of this host that its zone libvirt allows",
            remedy: "for etcd's discovery: sudo firewall-cmd --zone=libvirt --add-port=\(DiscoveryPlan.port)/tcp",
        )
    }
}
