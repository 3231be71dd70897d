import Basics

/// The shell scripts that make an image, and those that are part of one. They lie in the folder Scripts, where
/// shellcheck reads them.
enum ImageScripts {
    /// Turns a fresh Debian root into a node's.
    static let root = text(PackageResources.root_sh)

    /// Continues ``root`` for a virtual machine.
    static func machine(_ architecture: Architecture) -> String {
        let script = "\n" + text(PackageResources.machine_sh).replacing("@init@\n", with: initrd)
        return script.replacing("@console@", with: architecture.console)
    }

    /// Prints the packages of Debian's security archive.
    static let security = text(PackageResources.security_sh)

    /// A node's `/usr/bin/etcdctl`.
    static let etcdctl = "#!/bin/sh\n" + text(PackageResources.etcdctl_sh)

    /// Script that runs on a node before its cloud-config is read.
    static let preparation = "#!/bin/sh\n" + text(PackageResources.prepare_node_sh)

    /// Script that hands what flannel says to Docker.
    static let flannelDockerOptions = "#!/bin/sh\n" + text(PackageResources.flannel_docker_opts_sh)

    /// Script that makes a node ask another name server.
    static let nameServerChoice = "#!/bin/sh\n" + text(PackageResources.ask_names_of_sh)

    /// Script by which a unit says its container's address.
    static let announcement = "#!/bin/sh\n" + text(PackageResources.announce_address_sh)

    private static let initrd = "#!/bin/busybox sh\n" + text(PackageResources.init_sh)

    /// Returns the text after a file's first empty line: the lines before it are notes for the reader.
    private static func text(_ file: [UInt8]) -> String {
        let text = String(decoding: file, as: UTF8.self)
        guard let end = text.firstRange(of: "\n\n") else { return text }
        return String(text[end.upperBound...])
    }
}
