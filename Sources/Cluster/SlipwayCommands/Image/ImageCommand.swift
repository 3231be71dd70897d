import ArgumentParser

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Make, fetch, list and remove images.",
        discussion: """
            An image is a Debian root and, on it, a layer with the project's node programs. Each is known by the \
            digest of what it is made from; `up` makes what is missing. `update` makes a root of today's packages beside \
            those that there are, which `slipway upgrade` gives to nodes that are containers. Virtual machines have both as disks, of which \
            `up` puts copies into libvirt's storage pool `slipway`. Disks that someone else made are brought here by \
            `add`, and kept by the digest of their bytes.
            """,
        subcommands: [
            ImageBuild.self, ImageUpdate.self, ImageAdd.self, ImageList.self, ImageDiff.self, ImageVerify.self,
            ImageRemove.self, ImagePrune.self,
        ],
    )
}
