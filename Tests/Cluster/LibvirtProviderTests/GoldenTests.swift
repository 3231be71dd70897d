import Basics
import Foundation
import Images
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

@testable import LibvirtProvider

/// What libvirt and the host's disk are given for each kind of node and network, byte for byte: a cluster made by an
/// earlier version is known again by it.
@Suite struct GoldenTests {
    // MARK: Domains

    private static func container(_ change: (inout NodePlan) -> Void = { _ in }) -> DomainXML {
        var node = Samples.node()
        change(&node)
        return DomainXML(
            node: node,
            image: NodeImagePaths(root: "/srv/root", layer: "/srv/layer"),
            directory: "/srv/clusters/prod/central-1",
            images: "/srv/images",
            dialect: .lxc(emulator: "/usr/lib/libvirt/libvirt_lxc"),
        )
    }

    private static func file(_ name: String, _ format: ImageFile.Format = .raw) -> ImageFile {
        ImageFile(path: "/srv/\(name)", digest: "digest-of-\(name)", size: 4096, format: format)
    }

    private static func machine(
        _ image: VMImage,
        on architecture: Architecture = .amd64,
        _ change: (inout NodePlan) -> Void,
    ) -> VirtualMachineXML {
        var node = Samples.node(runtime: .vm)
        change(&node)
        let dialect = DriverDialect.qemu(VirtualHardware(architecture))
        return VirtualMachineXML(node: node, image: image, poolPath: "/pool", dialect: dialect)
    }

    private static func own(_ architecture: Architecture) -> VMImage {
        VMImage(
            machine: VMFiles(disk: file("root"), kernel: file("kernel"), initrd: file("initrd")),
            layer: file("layer"),
            architecture: architecture,
        )
    }

    private static let foreign = VMImage(disk: file("debian", .qcow2), layer: file("layer"))
    private static let flatcar = VMImage(disk: file("flatcar", .qcow2))

    static let domains: [(name: String, domain: any DomainDefinition)] = [
        ("container", container()),
        (
            "container-tls",
            container { node in
                node.fleet = .socket
                node.etcdTLS = true
                node.certificates = CertificateGeneration(number: 2, at: 1_795_694_400)
            }
        ),
        (
            "container-pretended",
            DomainXML(
                node: Samples.node(),
                image: NodeImagePaths(root: "/srv/root", layer: "/srv/layer"),
                directory: "/srv/clusters/prod/central-1",
                images: "/srv/images",
                dialect: .test,
            )
        ),
        ("vm-kvm", machine(own(.amd64)) { $0.accelerator = .kvm }),
        ("vm-tcg", machine(own(.amd64)) { $0.accelerator = .tcg }),
        (
            "vm-cloud-init",
            machine(foreign) { node in
                node.accelerator = .kvm
                node.configMedium = .noCloud(files: ["user-data": "#cloud-config\n"])
            }
        ),
        ("vm-arm64-kvm", machine(own(.arm64), on: .arm64) { $0.accelerator = .kvm }),
        ("vm-arm64-tcg", machine(own(.arm64), on: .arm64) { $0.accelerator = .tcg }),
        (
            "vm-arm64-cloud-init",
            machine(foreign, on: .arm64) { node in
                node.accelerator = .tcg
                node.configMedium = .noCloud(files: ["user-data": "#cloud-config\n"])
            }
        ),
        (
            "vm-ignition",
            machine(flatcar) { node in
                node.accelerator = .kvm
                node.configMedium = .ignition(name: "opt/org.flatcar-linux/config", text: "{}")
            }
        ),
        (
            "vm-pretended",
            VirtualMachineXML(node: Samples.node(runtime: .vm), image: own(.amd64), poolPath: "/pool", dialect: .test)
        ),
    ]

    @Test func domains() throws {
        for (name, domain) in Self.domains {
            try Golden.expect(domain.text(phase: .started), "domains/\(name).xml")
        }
        try Golden.expectFiles(Self.domains.map { "\($0.name).xml" }, in: "domains")
    }

    // MARK: Networks, the pool and volumes

    @Test(arguments: NetworkSettings.Mode.allCases)
    func network(mode: NetworkSettings.Mode) throws {
        var plan = Samples.network
        plan.mode = mode
        try Golden.expect(NetworkXML(network: plan).text, "networks/\(mode.rawValue).xml")
    }

    @Test func storage() throws {
        let disk = Volumes.name(.disk, of: NodeReference(Samples.node()))
        let texts = [
            ("pool", Volumes.poolXML(path: Volumes.poolPath)),
            ("image", Volumes.rawXML(Volumes.name(ofImage: Self.file("root")), capacity: 4096, mode: "0644")),
            ("disk", Volumes.overlayXML(disk, capacity: 10 << 30, over: "/pool/image.raw", format: .raw)),
        ]
        for (name, text) in texts { try Golden.expect(text, "storage/\(name).xml") }
        try Golden.expectFiles(texts.map { "\($0.0).xml" }, in: "storage")
    }

    // MARK: A container's directory

    /// Every file of it with its permissions and content.
    @Test func directoryOfANode() async throws {
        try await TemporaryDirectory.with { home in
            let storage = NodeStorage(home: home)
            try storage.create(Samples.node(), image: NodeImagePaths(root: "/srv/root", layer: "/srv/layer"))
            let paths = try #require(FileManager.default.enumerator(atPath: home)).compactMap { $0 as? String }
            var text = ""
            for path in paths.sorted() {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(home)/\(path)")
                let mode = try #require(attributes[.posixPermissions] as? NSNumber).intValue
                guard attributes[.type] as? FileAttributeType == .typeRegular else {
                    text += "\(path)/\n"
                    continue
                }
                let content = try String(contentsOfFile: "\(home)/\(path)", encoding: .utf8)
                let lines = content.split(separator: "\n", omittingEmptySubsequences: false)
                text += "\(path) (\(String(mode, radix: 8)))\n" + lines.map { "  | \($0)\n" }.joined()
            }
            try Golden.expect(text, "directory-of-a-node.txt")
        }
    }

    /// What the domain's metadata say in each phase, as libvirt is handed them.
    @Test func recordsOfANode() throws {
        let texts = NodePhase.allCases.map {
            Self.container().record(phase: $0).element(qualified: true).rendered()
        }
        try Golden.expect(texts.joined(), "records-of-a-node.xml")
    }
}
