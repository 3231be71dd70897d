import Foundation

/// The machines of a cluster that Slipway made, made again by bare libvirt calls: same images, config drives, network and
/// domains, and nothing to plan or to wait for.
struct BareVMs {
    private let cluster: String
    private let nodes: [String]
    private let directory: String

    /// Copies what is there now.
    init(
        of cluster: String,
        topology: String,
        nodes: [String],
        slipway: SlipwayProgram,
        to scratch: Scratch
    ) async throws {
        (self.cluster, self.nodes, directory) = (cluster, nodes, scratch.path)
        let network = try await slipway("render", topology, nodes[0], "--part", "network")
        _ = try scratch.write(network, to: "network.xml")
        for node in nodes {
            let xml = try await Self.virsh("dumpxml", "--inactive", "\(cluster).\(node)")
            _ = try scratch.write(xml, to: "\(node).xml")
            try await Self.virsh(
                "vol-download",
                "--pool",
                "slipway",
                "\(cluster).\(node).seed.iso",
                "\(directory)/\(node).seed"
            )
        }
        let disk = try await Self.virsh(
            "vol-dumpxml",
            "--pool",
            "slipway",
            "\(cluster).\(nodes[0]).disk.qcow2"
        )
        guard let base = disk.firstMatch(of: /<backingStore>\s*<path>(.*?)<\/path>/)?.1,
            let name = network.firstMatch(of: /<name>(.*?)<\/name>/)?.1
        else { throw BenchError("libvirt describes no backing store, or slipway no network") }
        (self.base, self.network) = (String(base), String(name))
    }

    private let base: String
    private let network: String

    @discardableResult
    static func virsh(_ words: String...) async throws -> String {
        try await Host.run(["virsh", "-q", "-c", "qemu:///system"] + words)
    }

    func up() async throws {
        try await Self.virsh("net-define", "\(directory)/network.xml")
        try await Self.virsh("net-start", network)
        for node in nodes {
            let (domain, configDrive) = ("\(cluster).\(node)", "\(directory)/\(node).seed")
            let size = try FileManager.default.attributesOfItem(atPath: configDrive)[.size] as? Int ?? 0
            try await Self.virsh(
                "vol-create-as",
                "slipway",
                "\(domain).disk.qcow2",
                "10G",
                "--format",
                "qcow2",
                "--backing-vol",
                base,
                "--backing-vol-format",
                "raw",
            )
            try await Self.virsh(
                "vol-create-as",
                "slipway",
                "\(domain).seed.iso",
                "\(size)",
                "--format",
                "raw"
            )
            try await Self.virsh("vol-upload", "--pool", "slipway", "\(domain).seed.iso", configDrive)
            try await Self.virsh("define", "\(directory)/\(node).xml")
            try await Self.virsh("start", domain)
        }
    }

    func down() async throws {
        for node in nodes {
            let domain = "\(cluster).\(node)"
            try await Self.virsh("destroy", domain)
            try await Self.virsh("undefine", domain)
            let volumes = try await Self.virsh("vol-list", "slipway").split(separator: "\n")
                .compactMap { $0.split(separator: " ").first }.filter { $0.hasPrefix("\(domain).") }
            for volume in volumes {
                try await Self.virsh("vol-delete", "--pool", "slipway", String(volume))
            }
            try FileManager.default.removeItem(atPath: "/var/log/libvirt/qemu/\(domain).log")
        }
        try await Self.virsh("net-destroy", network)
        try await Self.virsh("net-undefine", network)
    }
}
