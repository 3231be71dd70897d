import Basics
import Crypto

/// The layer that is laid over a root: the project's node programs and their units.
package struct NodeLayer: Sendable {
    enum Content: Sendable, Hashable {
        case text(String, mode: UInt32)
        case program(path: String, digest: String)
        case link(to: String)
    }

    /// By path in the layer, without a leading slash.
    let entries: [String: Content]

    /// Creates the layer of these programs.
    package init(programs: NodePrograms) {
        var entries = Self.files
        for program in programs.programs {
            entries[program.name.pathInLayer] = .program(path: program.path, digest: program.digest)
        }
        self.entries = entries
    }

    /// Changes with every byte of the layer, and with nothing else.
    package var digest: String {
        var hash = SHA256()
        for (path, content) in entries.sorted(by: { $0.key < $1.key }) {
            let line =
                switch content {
                case .text(let text, let mode): "text \(mode) \(Digest.of(text))"
                case .program(_, let digest): "program \(digest)"
                case .link(let target): "link \(target)"
                }
            hash.update(data: Array("\(path) \(line)\n".utf8))
        }
        return Hex.encode(hash.finalize())
    }

    /// A container has no device nodes or kernel modules to care for.
    private static let unitsOfMachines = [
        "modprobe@.service", "systemd-modules-load.service", "systemd-remount-fs.service",
        "systemd-tmpfiles-setup-dev.service",
    ]

    private static let units = "usr/lib/systemd/system"

    private static let files: [String: Content] = {
        var files: [String: Content] = [
            "\(units)/coreos-cloudinit.service": .text(NodeUnits.cloudInit, mode: 0o644),
            "\(units)/etcd2.service": .text(NodeUnits.etcd2, mode: 0o644),
            "\(units)/fleet.service": .text(NodeUnits.fleet, mode: 0o644),
            "\(units)/fleet.socket": .text(NodeUnits.fleetSocket, mode: 0o644),
            "\(units)/locksmithd.service": .text(NodeUnits.locksmithd, mode: 0o644),
            "\(units)/flanneld.service": .text(NodeUnits.flanneld, mode: 0o644),
            "\(units)/docker.service.d/10-flannel.conf": .text(NodeUnits.dockerWithFlannel, mode: 0o644),
            "\(units)/cluster-names.service": .text(NodeUnits.clusterNames, mode: 0o644),
            "\(units)/sshd@.service": .text(NodeUnits.sshdOfSocket, mode: 0o644),
            "\(units)/boot-check.service": .text(NodeUnits.bootCheck, mode: 0o644),
            "\(units)/multi-user.target.wants/boot-check.service": .link(to: "../boot-check.service"),
            "usr/lib/slipway/boot-check": .link(to: "slipway-node"),
            "usr/lib/locksmith/locksmithd": .link(to: "../slipway/slipway-node"),
            "usr/lib/slipway/flannel-docker-opts": .text(ImageScripts.flannelDockerOptions, mode: 0o755),
            "usr/lib/slipway/ask-names-of": .text(ImageScripts.nameServerChoice, mode: 0o755),
            "usr/lib/slipway/announce-address": .text(ImageScripts.announcement, mode: 0o755),
            "usr/lib/slipway/etcdctl": .text(ImageScripts.etcdctl, mode: 0o755),
            "usr/lib/slipway/prepare-node": .text(ImageScripts.preparation, mode: 0o755),
            "usr/lib/slipway/etcd2": .text(NodeUnits.etcd2Launcher, mode: 0o755),
            "\(units)/multi-user.target.wants/coreos-cloudinit.service": .link(to: "../coreos-cloudinit.service"),
        ]
        for name in ["coreos-cloudinit", "flanneld", "fleetctl", "fleetd", "locksmithctl"] {
            files["usr/bin/\(name)"] = .link(to: "../lib/slipway/slipway-node")
        }
        for (unit, text) in NodeUnits.standIns { files["\(units)/\(unit)"] = .text(text, mode: 0o644) }
        let waiting = "systemd-networkd-wait-online.service"
        // Over the image's mask; where only /usr is merged, ``ImageScripts/preparation`` links the other.
        for directory in ["etc/systemd/system", "usr/lib/slipway"] {
            files["\(directory)/\(waiting)"] = .text(NodeUnits.standIn(for: waiting), mode: 0o644)
        }
        for unit in unitsOfMachines {
            files["\(units)/\(unit).d/slipway.conf"] = .text(NodeUnits.notInContainers, mode: 0o644)
        }
        files["\(units)/ssh.service.d/slipway.conf"] = .text(NodeUnits.sshdChecksItself, mode: 0o644)
        // Machines, which have file systems to check and consoles, get /usr of the layer only.
        let generators = "etc/systemd/system-generators/systemd"
        files["\(generators)-getty-generator"] = .link(to: "/dev/null")
        files["\(generators)-fstab-generator"] = .text(NodeUnits.fstabGenerator, mode: 0o755)
        return files
    }()
}
