import Basics
import FoundationEssentials
import TestKit
import Testing

@testable import Images

@Suite struct NodeLayerTests {
    private func layer(_ scratch: TemporaryDirectory, node: String = "node") throws -> NodeLayer {
        let programs = try NodeProgramName.allCases.map { name in
            let path = try scratch.write(name == .slipwayNode ? node : name.rawValue, to: "programs/\(name.rawValue)")
            return NodeProgram(name: name, path: path, digest: try FileDigest.of(path))
        }
        return NodeLayer(programs: NodePrograms(programs: programs))
    }

    @Test func isNamedByItsContent() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let first = try layer(scratch).digest
            #expect(try layer(scratch).digest == first)
            #expect(try layer(scratch, node: "another").digest != first)
        }
    }

    @Test func holdsTheProgramsAndTheirUnits() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let store = ImageStore(home: scratch.path)
            let digest = try await store.ensureLayer(layer(scratch))
            let units = "images/layer/\(digest)/usr/lib/systemd/system"
            #expect(
                scratch.names(in: "images/layer/\(digest)/usr/bin") == [
                    "coreos-cloudinit", "flanneld", "fleetctl", "fleetd", "locksmithctl",
                ]
            )
            #expect(
                try FileManager.default.destinationOfSymbolicLink(
                    atPath: "\(scratch.path)/images/layer/\(digest)/usr/lib/locksmith/locksmithd"
                ) == "../slipway/slipway-node"
            )
            #expect(
                scratch.names(in: "images/layer/\(digest)/usr/lib/slipway")
                    == [
                        "announce-address", "ask-names-of", "boot-check", "etcd2", "etcdctl", "flannel-docker-opts",
                        "prepare-node", "slipway-etcd-proxy", "slipway-node", "slipway-node-init",
                        "systemd-networkd-wait-online.service",
                    ]
            )
            let generators = "images/layer/\(digest)/etc/systemd/system-generators"
            #expect(
                scratch.names(in: generators) == ["systemd-fstab-generator", "systemd-getty-generator"]
            )
            #expect(scratch.names(in: units).filter { $0.hasSuffix(".socket") } == ["fleet.socket"])
            #expect(
                try scratch.text("\(units)/multi-user.target.wants/coreos-cloudinit.service") == NodeUnits.cloudInit
            )
            let directory = "\(scratch.path)/images/layer/\(digest)"
            let launcher = try FileManager.default.attributesOfItem(atPath: "\(directory)/usr/lib/slipway/etcd2")
            #expect(launcher[.posixPermissions] as? Int == 0o755)
            let usr = try FileManager.default.attributesOfItem(atPath: "\(directory)/usr")
            #expect(usr[.modificationDate] as? Date == Date(timeIntervalSince1970: 1))
        }
    }

    /// A root of another digest is made anew, and with it every node that lies on it: change these on purpose only.
    @Test(arguments: [
        (
            Architecture.amd64, "ac732ea63ffd499f340fafdac8f5e7f6c1cd96f55e8a75a1c94fa69bb60705c2",
            "263c0baefb9697feb2c1f334e2aad37542d2a5bf0038c9772db1422418bb2026"
        ),
        (
            Architecture.arm64, "e3d68d72782b0828d9794a667563811c63c7bd77a12e5f03ca4f7117274aa30e",
            "fe67bb24e597034abf11437bfb276a7eda26f6979fe2dc9061103dacde564e96"
        ),
    ])
    func rootsKeepTheirDigests(_ architecture: Architecture, root: String, machine: String) {
        let recipe = RootRecipe.debian12(for: architecture)
        #expect(recipe.digest == root)
        #expect(recipe.machine.digest == machine)
        if architecture == .current { #expect(RootRecipe.debian12 == recipe) }
    }
}
