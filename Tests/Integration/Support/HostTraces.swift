import Foundation
import TestKit

/// What a cluster may leave on the host, as it was at one moment.
struct HostTraces: Sendable {
    private var found: [String: Set<String>]

    /// One line a trace: what kind, and what.
    private static let script = #"""
        each() { while read -r line; do [ -z "$line" ] || echo "$1 $line"; done; }
        virsh -q -c lxc:///system list --all --name | each domain
        virsh -q -c qemu:///system list --all --name | each machine
        # Images stay for the next machines, in the pool they are in; `image prune` removes both.
        pool=/var/lib/libvirt/images/slipway
        ls $pool 2>/dev/null | grep -v '^image-' | each volume
        if ls $pool 2>/dev/null | grep -q '^image-'; then with_images='/storage/.*slipway.xml$'; else ls -d $pool 2>/dev/null | each pool; fi
        virsh -q -c lxc:///system net-list --all --name | each network
        ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | each link
        ip route | each route
        sed 's/^[0-9]* [0-9]* [0-9:]* //' /proc/self/mountinfo | each mount
        find /sys/fs/cgroup -type d | grep -v '/machine$' | each cgroup # libvirt's own, from its first domain on
        ls -d "$1"/clusters/* 2>/dev/null | each directory
        find /run/libvirt /etc/libvirt -name '*.xml' | grep -v "${with_images:-^$}" | each libvirt-file
        find /run/libvirt/{lxc,qemu} /var/log/libvirt/{lxc,qemu} /var/lib/libvirt/qemu/channel -mindepth 1 2>/dev/null | each libvirt-remains
        for name in filter nat; do iptables-save -t $name 2>/dev/null | grep ^-A | grep -v -e '-j LIBVIRT_' | sort | uniq -c | each $name-rule; done
        for process in /proc/[0-9]*; do
            [ -s "$process/cmdline" ] || continue
            read -r _ name _ parent _ 2>/dev/null <"$process/stat" || continue
            [ "$name" != "(libvirtd)" ] || continue # the host's own, also when a test restarts it
            echo "process ${process#/proc/} $parent $(tr '\0' ' ' <"$process/cmdline" | cut -c 1-160)"
        done
        """#

    static func now() async throws -> HostTraces {
        let home = Program.home
        let ran = try await Program.run(["bash", "-c", script, "bash", home])
        var found: [String: Set<String>] = [:]
        var processes: [[Substring]] = []
        for line in ran.output.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            if words[0] == "process" {
                processes.append(words[1].split(separator: " ", maxSplits: 2))
            } else {
                found[String(words[0]), default: []].insert(String(words[1]))
            }
        }
        found["process"] = foreign(processes)
        return HostTraces(found: found)
    }

    /// All processes but this one and what it started.
    private static func foreign(_ processes: [[Substring]]) -> Set<String> {
        let parents = Dictionary(
            processes.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") },
            uniquingKeysWith: { first, _ in first },
        )
        let own = String(getpid())
        func isOwn(_ pid: String) -> Bool {
            var current = pid
            while let parent = parents[current] {
                if current == own { return true }
                current = parent
            }
            return false
        }
        return Set(processes.filter { !isOwn(String($0[0])) }.map { $0.joined(separator: " ") })
    }

    /// What is here now and was not before.
    func leftovers(since before: HostTraces) -> [String] {
        found.sorted { $0.key < $1.key }.flatMap { kind, now in
            now.subtracting(before.found[kind] ?? []).sorted().map { "\(kind): \($0)" }
        }
    }

    /// Fails when the host has more than before; processes that were killed may take a moment to leave.
    static func requireNothingSince(_ before: HostTraces, after what: String) async throws {
        var leftovers: [String] = []
        let deadline = ContinuousClock.now + .seconds(30)
        repeat {
            leftovers = try await now().leftovers(since: before)
            if leftovers.isEmpty { return }
            try await Task.sleep(for: .milliseconds(100))
        } while ContinuousClock.now < deadline
        throw Unexpected("\(what) left behind:\n" + leftovers.joined(separator: "\n"))
    }
}
