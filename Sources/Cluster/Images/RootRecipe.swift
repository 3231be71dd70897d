import Basics

/// Recipe of a root file system: everything that decides its content, so that its digest names it.
///
/// The packages' versions are not part of it: the same recipe made a month later has newer security fixes. A root that
/// exists is used until it is removed.
package struct RootRecipe: Sendable, Hashable {
    /// Architecture of its programs, which is that of the node programs.
    package var architecture: Architecture
    /// Debian release.
    package var suite: String
    /// Packages to install.
    package var packages: [String]
    /// Files of the packages that a node does not need, as dpkg patterns.
    package var excluded: [String]
    /// A shell script that mmdebstrap runs at the end, with the root's directory as `$1`.
    package var customization: String

    package init(
        architecture: Architecture = .current,
        suite: String,
        packages: [String],
        excluded: [String],
        customization: String,
    ) {
        self.architecture = architecture
        self.suite = suite
        self.packages = packages
        self.excluded = excluded
        self.customization = customization
    }

    /// Debian 12 with what CoreOS gave its machines: systemd, networkd, sshd, etcd and Docker.
    package static let debian12 = debian12(for: .current)

    /// The same for an architecture.
    package static func debian12(for architecture: Architecture) -> RootRecipe {
        RootRecipe(
            architecture: architecture,
            suite: "bookworm",
            packages: [
                "busybox", "ca-certificates", "curl", "dbus", "dnsmasq-base", "docker.io", "etcd-client",
                "etcd-server", "iproute2", "iptables", "iputils-ping", "jq", "less", "libnss-myhostname", "ncat",
                "net-tools", "netbase",
                "openssh-server", "procps", "sudo", "systemd", "systemd-sysv", "wget",
            ],
            excluded: ["/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*"],
            customization: ImageScripts.root,
        )
    }

    /// Digest of the recipe, which names what is made by it.
    package var digest: String {
        // Roots of amd64 were named before there were others.
        let kind = architecture == .amd64 ? "recipe 1" : "recipe 1 \(architecture.debianName)"
        let parts = [kind, suite] + packages.sorted() + ["-"] + excluded.sorted() + ["-", customization]
        return Digest.of(parts.joined(separator: "\n"))
    }

    /// Returns the arguments for mmdebstrap.
    func arguments(target: String, script: String, sources: [String], proxies: [String]) -> [String] {
        var arguments = ["--variant=minbase", "--mode=root", "--format=directory"]
        arguments.append("--architectures=\(architecture.debianName)")
        arguments.append("--include=" + packages.sorted().joined(separator: ","))
        arguments += excluded.sorted().map { "--dpkgopt=path-exclude=\($0)" }
        arguments.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
        arguments += proxies.map { "--aptopt=\($0)" }
        arguments.append("--customize-hook=sh \(script) \"$1\"")
        return arguments + [suite, target] + sources
    }
}
