/// Paths and names shared by an image, a node's directory and a container's domain.
///
/// A container node is a libvirt domain of four `<filesystem>` elements. It mounts its own root (an overlay), so a
/// node survives a restart of the host: nothing but libvirt is needed to start it. Which of the host's images it takes for
/// that says its own boot record, since libvirt starts a container that reboots with the definition that it had: ROOT and
/// LAYER are what it takes where there is no record. This XML boots as it is:
///
/// ```xml
/// <domain type='lxc'>
///   <name>NAME</name>
///   <uuid>UUID</uuid>
///   <memory unit='MiB'>1024</memory>
///   <vcpu>1</vcpu>
///   <os>
///     <type>exe</type>
///     <init>/.slipway/layer/usr/lib/slipway/slipway-node-init</init>
///   </os>
///   <features><privnet/><capabilities policy='allow'/></features>
///   <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
///   <devices>
///     <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>
///     <filesystem type='mount' accessmode='passthrough'>
///       <source dir='ROOT'/><target dir='/'/><readonly/>
///     </filesystem>
///     <filesystem type='mount' accessmode='passthrough'>
///       <source dir='LAYER'/><target dir='/.slipway/layer'/><readonly/>
///     </filesystem>
///     <filesystem type='mount' accessmode='passthrough'>
///       <source dir='NODE'/><target dir='/.slipway/node'/>
///     </filesystem>
///     <filesystem type='mount' accessmode='passthrough'>
///       <source dir='IMAGES'/><target dir='/.slipway/node/images'/><readonly/>
///     </filesystem>
///     <interface type='network'>
///       <mac address='MAC'/><source network='NETWORK'/><guest dev='eth0'/>
///     </interface>
///     <console type='pty'/>
///   </devices>
/// </domain>
/// ```
///
/// The quickest way to stop one for good: `virDomainSendProcessSignal(pid 1, SIGKILL)`, then wait for the domain to be
/// shut off. Measured: 0.1 s a node, where `virDomainDestroy` takes 1.8 s and libvirt does only one at a time.
/// Interfaces and libvirt's own cgroups go with it; the node's cgroup v2 directory stays: see ``cgroupRemoval``.
package enum NodeContract {
    /// Mount point of the shared node programs in a container, until its init has made the root.
    package static let layerTarget = "/.slipway/layer"
    /// Mount point of the node's own directory.
    package static let nodeTarget = "/.slipway/node"
    /// Mount point of the host's images, in the node's own directory.
    package static let imagesTarget = nodeTarget + "/images"
    /// Process 1 of a container node.
    package static let initPath = layerTarget + "/usr/lib/slipway/slipway-node-init"
    /// The same program, relative to a layer, for use on the host.
    package static let initInLayer = "usr/lib/slipway/slipway-node-init"
    /// The option of it that kills what runs in the cgroups named after it and removes them; 8 ms for five nodes.
    package static let cgroupRemoval = "--remove-cgroup"

    /// The directories that must be in a node's own directory before its first start. `upper` may hold files
    /// (/etc/machine-id); `config` holds `openstack/latest/user_data` and appears at `/media/configdrive`.
    package static let nodeDirectories = ["upper", "work", "docker", "config"]
    /// Those that nodes of earlier versions lack: `boot` has the node's boot record and appears at `/boot/slipway`;
    /// `images` is where the host's images are mounted.
    package static let bootDirectories = ["boot", "images"]
    /// In the node's directory: what its init said when it failed.
    package static let initLog = "init.log"

    /// The cgroup v2 directory of a node, by its domain's UUID in lower case with hyphens.
    package static func cgroupName(uuid: String) -> String {
        "slipway-\(uuid)"
    }
}
