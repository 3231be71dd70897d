/// Path of a node's own cgroup in the v2 hierarchy, relative to its root.
package struct CgroupPlace: Sendable, Equatable {
    /// The directory that the node's cgroup is made in: `/`, or a path that ends without a slash.
    package var parent: String
    /// libvirt's cgroup of the container, whose limits hold for the node as well; nil where they hold anyhow.
    package var limits: String?

    /// The name of the leaf that libvirt makes in the scope which systemd-machined gives it.
    static let leaf = "/libvirt"

    package init(parent: String, limits: String? = nil) {
        self.parent = parent
        self.limits = limits
    }

    /// Chooses by where the container's first process is.
    ///
    /// On a host with v2 alone libvirt has processes, limits and a device filter of its own in a leaf of the machine's
    /// scope. A cgroup below such a leaf gets no controllers and no device filters of its own, so the node's lies
    /// beside it. Elsewhere libvirt's limits are those of v1 hierarchies, and the node's cgroup lies below the
    /// process's.
    ///
    /// - Parameter membership: the text of `/proc/self/cgroup`. A place outside the namespace's root (`/../…`) cannot
    ///   be reached, so the node's cgroup is made at the root.
    package init(membership: String) {
        let lines = membership.split(separator: "\n")
        let path = lines.first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) } ?? "/"
        guard path != "/", !path.hasPrefix("/..") else {
            self.init(parent: "/")
            return
        }
        let hasMemoryInV1 = lines.contains { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 && fields[1].split(separator: ",").contains("memory")
        }
        if path.hasSuffix(Self.leaf), path != Self.leaf, !hasMemoryInV1 {
            self.init(parent: String(path.dropLast(Self.leaf.count)), limits: path)
        } else {
            self.init(parent: path)
        }
    }

    /// The node's directory.
    package func directory(named name: String) -> String {
        parent == "/" ? "/\(name)" : "\(parent)/\(name)"
    }
}
