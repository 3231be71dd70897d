import Basics
import Images
import Planning
import TopologyModel

/// Files of this host that a virtual machine is made of, which a provider uploads to libvirt's host.
package struct VMImage: Sendable, Hashable {
    /// The disk that the node's own is an overlay of.
    package var disk: ImageFile
    /// A disk with the node programs, which the project's initrd lays over the root.
    package var layer: ImageFile?
    /// For a direct boot; nil where the disk has a boot loader.
    package var boot: DirectBoot?
    /// True when the guest agent is in it.
    package var hasAgent: Bool

    /// Kernel that QEMU loads, without a boot loader.
    package struct DirectBoot: Sendable, Hashable {
        /// Kernel to boot.
        package var kernel: ImageFile
        /// Initial RAM disk.
        package var initrd: ImageFile
        /// Kernel arguments beside the node's identity.
        package var arguments: [String]

        package init(kernel: ImageFile, initrd: ImageFile, arguments: [String]) {
            self.kernel = kernel
            self.initrd = initrd
            self.arguments = arguments
        }
    }

    package init(
        disk: ImageFile,
        layer: ImageFile? = nil,
        boot: DirectBoot? = nil,
        hasAgent: Bool = false,
    ) {
        self.disk = disk
        self.layer = layer
        self.boot = boot
        self.hasAgent = hasAgent
    }

    /// Every file that must be on libvirt's host.
    package var files: [ImageFile] { [disk, layer, boot?.kernel, boot?.initrd].compactMap(\.self) }

    /// The project's own image.
    package init(machine: VMFiles, layer: ImageFile, architecture: Architecture = .current) {
        // Docker insists on AppArmor's parser where the kernel has AppArmor on; containers' nodes have neither.
        let arguments = ["console=\(architecture.console)", "loglevel=5", "net.ifnames=0", "apparmor=0"]
        self.init(
            disk: machine.disk,
            layer: layer,
            boot: DirectBoot(kernel: machine.kernel, initrd: machine.initrd, arguments: arguments),
            hasAgent: true,
        )
    }
}

extension NodePlan {
    /// OpenStack's `meta_data.json`, as far as coreos-cloudinit reads it, with the node's address under the names that
    /// EC2 and Canonical's cloud-init have for it.
    package var openStackMetadata: String {
        #"{"hostname":"\#(spec.name)","local_ipv4":"\#(address)","public_ipv4":"\#(address)","uuid":"\#(uuid)"}"# + "\n"
    }

    /// Configuration of the node, as the bytes of a disk or of a file.
    package var configBytes: [UInt8] {
        let configDrive = [
            "openstack/latest/user_data": Array(userData.utf8),
            "openstack/latest/meta_data.json": Array(openStackMetadata.utf8),
        ]
        switch configMedium {
        case .configDrive:
            return ISO9660(label: "config-2", files: configDrive).bytes()
        case .noCloud(let files):
            let all = configDrive.merging(files.mapValues { Array($0.utf8) }) { $1 }
            return ISO9660(label: "cidata", files: all).bytes()
        case .ignition(_, let text):
            // A volume is whole sectors. What is added is white space to Ignition.
            let bytes = Array(text.utf8)
            return bytes + [UInt8](repeating: UInt8(ascii: "\n"), count: (512 - bytes.count % 512) % 512)
        }
    }
}

extension NodePlan {
    /// Factor by which a node may be slower than a container, at most.
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
