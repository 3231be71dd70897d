import Basics
import Planning

/// Checks of what a host has or lacks: functions of ``HostFacts``.
enum HostChecks {
    static func findings(_ facts: HostFacts) -> [HostFinding] {
        [
            privileges(isRoot: facts.isRoot, user: facts.user, groups: facts.groups),
            overlay(facts.fileSystems, module: facts.overlayModule),
            cgroups(facts.mounts, fileSystems: facts.fileSystems),
            appArmor(facts.appArmor),
            kvm(exists: facts.kvm.exists, isUsable: facts.kvm.isUsable, processors: facts.processors),
            forwarding(facts.forwardRules, isRoot: facts.isRoot),
            nameServer(facts.sockets),
            trafficControl(module: facts.netemModule, symbols: facts.symbols),
        ] + HostServices.findings(facts.units)
    }

    /// Containers take root; virtual machines take libvirt's leave, which the group of its name has.
    static func privileges(isRoot: Bool, user: String = "", groups: Set<String> = []) -> HostFinding {
        let what = "privileges"
        guard !isRoot else { return HostFinding(what: what, level: .ok, detail: "root") }
        guard groups.contains("libvirt") else {
            return HostFinding(
                what: what,
                level: .missing,
                detail: "neither root nor in group libvirt",
                remedy:
                    "run slipway with sudo; for virtual machines without it: sudo adduser \(user) libvirt, and a new login",
            )
        }
        return HostFinding(
            what: what,
            level: .warning,
            detail: "in group libvirt, not root: virtual machines only",
            remedy: "for containers, run slipway with sudo",
        )
    }

    /// - Parameters:
    ///   - module: `modprobe -n sch_netem`.
    ///   - symbols: `/proc/kallsyms`, for a kernel that has it built in.
    static func trafficControl(module: HostFacts.Answer, symbols: String) -> HostFinding {
        let what = "sch_netem"
        if case .said = module { return HostFinding(what: what, level: .ok, detail: "a module, loaded on first use") }
        if symbols.contains(" netem_enqueue") { return HostFinding(what: what, level: .ok, detail: "in the kernel") }
        return HostFinding(
            what: what,
            level: .warning,
            detail: "neither in the kernel nor a module of it; chaos runs cannot delay or lose packets",
            remedy: "install the modules of the running kernel, or boot the kernel whose modules are installed",
        )
    }

    /// - Parameters:
    ///   - fileSystems: `/proc/filesystems`, which has no module that is not loaded.
    ///   - module: `modprobe -n overlay`, which succeeds for a module that can be loaded and for one built in.
    static func overlay(_ fileSystems: String, module: HostFacts.Answer) -> HostFinding {
        let what = "overlay file system"
        if isListed("overlay", in: fileSystems) {
            return HostFinding(what: what, level: .ok, detail: "in the kernel")
        }
        if case .said = module {
            return HostFinding(what: what, level: .ok, detail: "a module, loaded on first use")
        }
        let remedy = "install the modules of the running kernel, or boot one with CONFIG_OVERLAY_FS"
        let detail = "neither in the kernel nor a module of it"
        return HostFinding(what: what, level: .missing, detail: detail, remedy: remedy)
    }

    /// - Parameters:
    ///   - mounts: `/proc/self/mounts`.
    ///   - fileSystems: `/proc/filesystems`.
    static func cgroups(_ mounts: String, fileSystems: String) -> HostFinding {
        let what = "cgroups"
        let mounted = mounts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let types = mounted.filter { $0.count > 2 }.map { (path: $0[1], type: $0[2]) }
        if types.contains(where: { $0.path == "/sys/fs/cgroup" && $0.type == "cgroup2" }) {
            return HostFinding(what: what, level: .ok, detail: "version 2")
        }
        guard isListed("cgroup2", in: fileSystems) else {
            let remedy = "boot Linux 5.4 or later"
            return HostFinding(what: what, level: .missing, detail: "the kernel has no version 2", remedy: remedy)
        }
        let mode = types.contains { $0.type == "cgroup2" } ? "hybrid" : "version 1"
        return HostFinding(
            what: what,
            level: .warning,
            detail: "\(mode); a unit's limits do not hold for controllers that version 1 has",
            remedy: "boot with systemd.unified_cgroup_hierarchy=1",
        )
    }

    /// - Parameter enabled: `/sys/module/apparmor/parameters/enabled`: `Y` or `N`.
    static func appArmor(_ enabled: String) -> HostFinding {
        let detail = enabled.hasPrefix("Y") ? "on" : "off"
        return HostFinding(what: "AppArmor", level: .ok, detail: detail)
    }

    /// - Parameter processors: `/proc/cpuinfo`.
    static func kvm(
        exists: Bool,
        isUsable: Bool,
        processors: String,
        architecture: Architecture = .current,
    ) -> HostFinding {
        let flags = processors.split(separator: "\n").first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
        let able = architecture.virtualization.first { flags.contains($0.feature[...]) }
        let firmware = "switch on virtualization in the firmware, or nested virtualization on the host of this machine"
        if exists, able == nil, !architecture.virtualization.isEmpty {
            // As VMHost sees it: a host that is a guest itself may have the device, and no machine ever boots on it.
            let features = architecture.virtualization.map(\.feature).joined(separator: " or ")
            let detail =
                "/dev/kvm, but a processor without \(features); virtual machines are emulated, about ten times slower"
            return HostFinding(what: "KVM", level: .warning, detail: detail, remedy: firmware)
        }
        if isUsable { return HostFinding(what: "KVM", level: .ok, detail: "/dev/kvm") }
        if exists {
            let detail = "this user may not use /dev/kvm"
            return HostFinding(what: "KVM", level: .warning, detail: detail, remedy: "run slipway with sudo")
        }
        let detail = "no /dev/kvm; virtual machines are emulated, about ten times slower"
        guard let module = able?.module else {
            return HostFinding(what: "KVM", level: .warning, detail: detail, remedy: firmware)
        }
        return HostFinding(what: "KVM", level: .warning, detail: detail, fix: ["modprobe \(module)"])
    }

    /// UEFI firmware, for machines of images from elsewhere; nil on an architecture where these need none.
    static func firmware(_ firmware: Architecture.Firmware?, isInstalled: Bool) -> HostFinding? {
        guard let firmware else { return nil }
        return isInstalled
            ? HostFinding(what: firmwareName, level: .ok, detail: firmware.path)
            : HostFinding(
                what: firmwareName,
                level: .warning,
                detail: "not found",
                fix: ["apt-get install -y \(firmware.package)"],
            )
    }

    /// Name of the check of ``firmware(_:isInstalled:)``.
    static let firmwareName = "UEFI firmware"

    /// Docker sets the policy DROP, which also applies to what nodes send each other where `br_netfilter` is loaded.
    ///
    /// - Parameter rules: `iptables -S FORWARD`.
    static func forwarding(_ rules: HostFacts.Answer, isRoot: Bool) -> HostFinding {
        let what = "forwarding"
        guard case .said(let text) = rules else {
            if rules == .missing { return HostFinding(what: what, level: .ok, detail: "no iptables here") }
            let remedy = isRoot ? nil : "run slipway doctor with sudo"
            return HostFinding(what: what, level: .warning, detail: "iptables does not show it", remedy: remedy)
        }
        let lines = text.split(separator: "\n")
        guard lines.contains("-P FORWARD DROP") else {
            return HostFinding(what: what, level: .ok, detail: "FORWARD accepts")
        }
        // The rules of libvirt's iptables backend come before the policy; its nftables backend has a table of its own.
        if lines.contains(where: { $0.hasSuffix("-j LIBVIRT_FWI") }) {
            return HostFinding(what: what, level: .ok, detail: "FORWARD drops, after libvirt's own rules")
        }
        if lines.contains(where: { $0.contains("-i slw+ ") && $0.hasSuffix("-j ACCEPT") }) {
            return HostFinding(what: what, level: .ok, detail: "FORWARD drops, and lets nodes through")
        }
        return HostFinding(
            what: what,
            level: .warning,
            detail: "FORWARD drops, as Docker sets it: nodes may not reach the outside or each other",
            fix: [
                "iptables -I FORWARD -i slw+ -j ACCEPT",
                "iptables -I FORWARD -o slw+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            ],
        )
    }

    /// The dnsmasq of each of libvirt's networks listens on that network's address.
    ///
    /// - Parameter sockets: `/proc/net/tcp`, `udp`, `tcp6` and `udp6`.
    static func nameServer(_ sockets: String) -> HostFinding {
        let what = "port 53"
        let taken = sockets.split(separator: "\n").compactMap { line -> String? in
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[1].hasSuffix(":0035") else { return nil }
            // A TCP socket that listens, or a UDP socket without a peer.
            guard fields[3] == "0A" || fields[3] == "07" else { return nil }
            let address = fields[1].dropLast(5)
            guard address.allSatisfy({ $0 == "0" }) else { return nil }
            return address.count == 8 ? "0.0.0.0" : "[::]"
        }
        guard let address = taken.min() else { return HostFinding(what: what, level: .ok, detail: "free") }
        // A socket of IPv6 may leave IPv4 alone; /proc/net does not say.
        return HostFinding(
            what: what,
            level: address == "0.0.0.0" ? .missing : .warning,
            detail: "taken on \(address); libvirt's dnsmasq cannot start",
            remedy: "find its program with `sudo ss -lntup 'sport = :53'` and let it listen on its own address alone",
        )
    }

    /// - Parameter networks: those of libvirt on this host.
    static func bridges(_ interfaces: [String], networks: [ObservedNetwork]) -> HostFinding {
        let used = Set(networks.filter(\.active).compactMap(\.bridge))
        let leftovers = interfaces.filter { isBridge($0) && !used.contains($0) }
        guard !leftovers.isEmpty else { return HostFinding(what: "bridges", level: .ok, detail: "none left over") }
        return HostFinding(
            what: "bridges",
            level: .warning,
            detail: "\(leftovers.joined(separator: ", ")) without a network of libvirt's",
            fix: leftovers.map { "ip link delete \($0)" },
        )
    }

    /// Form of the names that ``Identity/bridgeName(cluster:)`` gives.
    private static func isBridge(_ name: String) -> Bool {
        name.hasPrefix("slw") && name.count == 13 && name.dropFirst(3).allSatisfy(\.isHexDigit)
    }

    private static func isListed(_ name: String, in fileSystems: String) -> Bool {
        fileSystems.split(separator: "\n").contains { $0.split(whereSeparator: \.isWhitespace).last == Substring(name) }
    }
}
