import Cgroups
import Glibc
import NodeBoot

/// Paths of a node's parts in the container: the contract with the domain's XML.
struct NodeLayout: Sendable {
    /// The image's root, shared by all nodes of an image.
    var image: String
    /// The node programs, shared likewise.
    var layer: String
    /// The node's own directory: `upper`, `work`, `docker`, `config`, `boot`.
    let node: String
    /// The host's images, of which the node chooses one.
    let images: String
    /// An empty directory of the image, where the node's root is put together.
    let root: String

    static let contract = NodeLayout(
        image: "/",
        layer: "/.slipway/layer",
        node: "/.slipway/node",
        images: "/.slipway/node/images",
        root: "/.slipway/root",
    )
    /// This program on a node.
    static let programOnNode = "/usr/lib/slipway/slipway-node-init"
}

/// The node's root: an overlay of the shared image, the shared layer and the node's own directory, mounted by the
/// node itself, so that nothing on the host has to be mounted before a node can start.
struct NodeRoot {
    let layout: NodeLayout

    func enter() throws(Failure) {
        try check("cannot make the container's mounts private") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
        try hideSecurity()
        try mountOverlay()
        for directory in ["/dev", "/proc", "/sys"] {
            try makeDirectory(layout.root + directory)
            try check("cannot move \(directory) to the node's root") {
                mount(directory, layout.root + directory, nil, UInt(MS_MOVE), nil)
            }
        }
        // dockerd falls back to copying whole images when its directory is itself on an overlay.
        try bind("\(layout.node)/docker", to: "/var/lib/docker", readOnly: false)
        try bind("\(layout.node)/config", to: "/media/configdrive", readOnly: true)
        if access("\(layout.node)/boot", F_OK) == 0 {
            try makeDirectory("\(layout.root)/boot")
            try bind("\(layout.node)/boot", to: BootDirectory.onNode, readOnly: false)
        }
        try pivot()
    }

    /// The host's AppArmor is not the node's: Docker would take it for its own, and fail for want of a parser.
    private func hideSecurity() throws(Failure) {
        // EINVAL: nothing is mounted there, as on a host without.
        if umount2("/sys/kernel/security", Int32(MNT_DETACH)) < 0, errno != EINVAL, errno != ENOENT {
            throw .system("cannot unmount /sys/kernel/security")
        }
    }

    private func mountOverlay() throws(Failure) {
        let options =
            "lowerdir=\(layout.layer):\(layout.image),upperdir=\(layout.node)/upper,workdir=\(layout.node)/work"
        try check(
            "cannot mount the node's root (overlay, \(options))",
            hint: "an overlay's upper directory must be on a file system such as ext4, xfs or tmpfs, not on an overlay",
        ) {
            mount("overlay", layout.root, "overlay", 0, options)
        }
    }

    private func bind(_ source: String, to target: String, readOnly: Bool) throws(Failure) {
        let path = layout.root + target
        try makeDirectory(path)
        try check("cannot bind \(source) to \(target)") { mount(source, path, nil, UInt(MS_BIND), nil) }
        if readOnly {
            try check("cannot make \(target) read-only") {
                mount(nil, path, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil)
            }
        }
    }

    private func makeDirectory(_ path: String) throws(Failure) {
        if mkdir(path, 0o755) < 0, errno != EEXIST {
            throw .system("cannot make the directory \(path)")
        }
    }

    /// Old root and new root change places at one mount point; then the old one, on top, is let go.
    private func pivot() throws(Failure) {
        try check("cannot enter the node's root") { chdir(layout.root) }
        try check("cannot make the node's root the root") { pivotRoot(".", ".") }
        try check("cannot let go of the image's root") { umount2(".", Int32(MNT_DETACH)) }
        try check("cannot enter /") { chdir("/") }
    }
}
