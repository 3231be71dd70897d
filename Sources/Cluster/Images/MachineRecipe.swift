import Basics

/// The Debian root as a virtual machine's disk: the same root as for containers, with what a whole machine needs on
/// top. It is a part of its own, so that containers' hosts need not make it, and containers do not start its programs.
extension RootRecipe {
    /// This root with a kernel, udev and the guest agent, and an initrd that knows the node's disks.
    package var machine: RootRecipe {
        RootRecipe(
            architecture: architecture,
            suite: suite,
            packages: packages + [architecture.kernelPackage, "qemu-guest-agent", "udev"],
            excluded: excluded,
            customization: customization + ImageScripts.machine(architecture),
        )
    }
}

/// Results of the script that makes a virtual machine's root.
enum VMCustomization {
    /// Directory of the kernel and the initrd, below the root.
    static let bootDirectory = ".slipway/boot"
}
