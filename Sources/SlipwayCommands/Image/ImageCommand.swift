import ArgumentParser

struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Make, list and remove node images.",
        discussion: """
            An image is a Debian root and, on it, a layer with the project's node programs. Each is known by the digest
            of what it is made from; `up` makes what is missing. Virtual machines have both as disks, of which `up` puts
            copies into libvirt's storage pool `slipway`.
            """,
        subcommands: [ImageBuild.self, ImageList.self, ImageRemove.self, ImagePrune.self],
    )
}
