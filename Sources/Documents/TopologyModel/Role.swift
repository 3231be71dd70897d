import CloudConfig
import Diagnostics

/// Kind of node: a libvirt LXC domain, or a virtual machine under QEMU.
package enum Runtime: String, Sendable, Hashable, Codable, CaseIterable {
    case container, vm
}

/// Choice of a node's ``Runtime`` in a topology.
package enum RuntimeChoice: String, Sendable, Hashable, Codable, CaseIterable {
    case container, vm
    /// A virtual machine where the host runs it by KVM, else a container.
    case auto

    /// The one it names, and of the two that `auto` may mean the one that every host can run.
    package var runtime: Runtime { self == .vm ? .vm : .container }

    /// Less than this, and a node does not come up as any of what this may mean.
    package var leastMemoryMiB: Int { self == .auto ? Runtime.vm.leastMemoryMiB : runtime.leastMemoryMiB }
}

/// Part of a node in etcd.
package enum EtcdRole: String, Sendable, Hashable, Codable, CaseIterable {
    /// Votes and keeps the data.
    case member
    /// Serves etcd's ports on localhost by forwarding to the members.
    case proxy
    /// As `proxy`, but refuses writes, and so has no fleet.
    case readonly
    /// Has no etcd, and so no fleet.
    case none

    /// fleet keeps its state in etcd, and so needs a way to write there.
    package var runsFleet: Bool { self == .member || self == .proxy }
}

/// A group of like nodes.
package struct Role: Sendable, Hashable {
    /// Follows ``NameRule``; nodes are called `NAME-1`, `NAME-2`, …
    package var name: String
    /// Number of nodes.
    package var count: Int
    /// Container or virtual machine.
    package var runtime: Runtime
    /// True when the host has still to decide on ``runtime``, see ``RuntimeChoice/auto``.
    package var choosesRuntime: Bool
    /// Accelerator of virtual machines; containers use the host's processor.
    package var accelerator: Accelerator
    /// Image of virtual machines; nil for the project's own.
    package var image: RoleImage?
    /// Part that the role's nodes have in etcd.
    package var etcd: EtcdRole
    /// Resources of each node.
    package var resources: Resources
    /// fleet's machine metadata.
    package var metadata: [String: String]
    /// Cloud-config of nodes of this role, on top of the topology's own `cloud_config`.
    package var cloudConfig: CloudConfig
    /// Location of the role in the file.
    package var location: SourceLocation?
    /// Location of the count in the file; nil when it was left out.
    package var countLocation: SourceLocation?

    /// The counts a role may have.
    package static let validCounts = 1...10_000

    /// Creates a role; what is left out has the defaults of a topology file.
    package init(
        name: String,
        count: Int,
        runtime: RuntimeChoice = .container,
        accelerator: Accelerator = .auto,
        image: RoleImage? = nil,
        etcd: EtcdRole,
        resources: Resources = Resources(),
        metadata: [String: String] = [:],
        cloudConfig: CloudConfig = CloudConfig(),
        location: SourceLocation? = nil,
        countLocation: SourceLocation? = nil,
    ) {
        self.name = name
        self.count = count
        self.runtime = runtime.runtime
        choosesRuntime = runtime == .auto
        self.accelerator = accelerator
        self.image = image
        self.etcd = etcd
        self.resources = resources
        self.metadata = metadata
        self.cloudConfig = cloudConfig
        self.location = location
        self.countLocation = countLocation
    }
}

/// Resources that a node may use of the host.
package struct Resources: Sendable, Hashable, Codable {
    /// Virtual processors.
    package var cpus: Int
    /// Memory in MiB.
    package var memoryMiB: Int
    /// Disk in GiB; containers have none of their own.
    package var diskGiB: Int

    package init(cpus: Int = 1, memoryMiB: Int = 1024, diskGiB: Int = 10) {
        self.cpus = cpus
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
    }
}
