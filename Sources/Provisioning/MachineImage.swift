import Images
import Planning
import Topology

/// What a virtual machine is made of: files of this host, which a provider brings to libvirt's.
package struct MachineImage: Sendable, Hashable {
    /// The disk that the node's own is an overlay of.
    package var disk: ImageFile
    /// A disk with the node programs, which the project's initrd lays over the root.
    package var layer: ImageFile?
    /// For a direct boot; nil where the disk has a boot loader.
    package var boot: DirectBoot?
    /// Whether the guest agent is in it.
    package var hasAgent: Bool
    package var seed: Seed

    package struct DirectBoot: Sendable, Hashable {
        package var kernel: ImageFile
        package var initrd: ImageFile
        /// What the kernel is told, beside the node's identity.
        package var arguments: [String]

        package init(kernel: ImageFile, initrd: ImageFile, arguments: [String]) {
            self.kernel = kernel
            self.initrd = initrd
            self.arguments = arguments
        }
    }

    /// How the node learns its configuration.
    package enum Seed: Sendable, Hashable {
        /// CoreOS's way: a disk labelled `config-2` with `openstack/latest/user_data`.
        case configDrive
        /// A disk with any label and files, made from the node's plan.
        case files(label: String, files: [String: [UInt8]])
    }

    package init(
        disk: ImageFile,
        layer: ImageFile? = nil,
        boot: DirectBoot? = nil,
        hasAgent: Bool = false,
        seed: Seed = .configDrive,
    ) {
        self.disk = disk
        self.layer = layer
        self.boot = boot
        self.hasAgent = hasAgent
        self.seed = seed
    }

    /// Every file that must be on libvirt's host.
    package var files: [ImageFile] { [disk, layer, boot?.kernel, boot?.initrd].compactMap(\.self) }

    /// The project's own image.
    package init(machine: MachineFiles, layer: ImageFile) {
        // Docker insists on AppArmor's parser where the kernel has AppArmor on; containers' nodes have neither.
        let arguments = ["console=ttyS0", "loglevel=5", "net.ifnames=0", "apparmor=0"]
        self.init(
            disk: machine.disk,
            layer: layer,
            boot: DirectBoot(kernel: machine.kernel, initrd: machine.initrd, arguments: arguments),
            hasAgent: true,
        )
    }
}

extension MachineImage.Seed {
    /// The seed's file system for a node.
    package func fileSystem(for node: NodePlan) -> ISO9660 {
        switch self {
        case .configDrive:
            let metadata = #"{"hostname":"\#(node.name)","uuid":"\#(node.uuid)"}"# + "\n"
            return ISO9660(
                label: "config-2",
                files: [
                    "openstack/latest/user_data": Array(node.userData.utf8),
                    "openstack/latest/meta_data.json": Array(metadata.utf8),
                ],
            )
        case .files(let label, let files):
            return ISO9660(label: label, files: files)
        }
    }
}

extension NodePlan {
    /// How many times slower than a container a node may be, at most.
    package var slowness: Int {
        switch accelerator {
        case nil: 1
        case .kvm: 2
        case .tcg, .auto: Self.slowestMachine
        }
    }

    /// Of a machine whose processor QEMU makes.
    package static let slowestMachine = 4
}
