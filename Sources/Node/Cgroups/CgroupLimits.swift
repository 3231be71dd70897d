import Glibc

/// Limits that libvirt sets for a container, as files of its cgroup v2 directory.
package enum CgroupLimits {
    /// The controllers a node has, where the host has them.
    static let controllers = ["cpu", "cpuset", "io", "memory", "pids"]

    /// https://docs.kernel.org/admin-guide/cgroup-v2.html
    private static let files = [
        "memory.max", "memory.high", "memory.swap.max", "cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.mems",
        "io.weight", "pids.max",
    ]

    /// Makes controllers available to the cgroups in a directory.
    ///
    /// - Parameter directory: a cgroup that holds no processes itself.
    package static func enableControllers(in directory: String) throws(Failure) {
        let present = words(of: "\(directory)/cgroup.controllers")
        let enabled = words(of: "\(directory)/cgroup.subtree_control")
        for controller in controllers where present.contains(controller) && !enabled.contains(controller) {
            try KernelFile.write("+\(controller)", to: "\(directory)/cgroup.subtree_control")
        }
    }

    /// Gives one cgroup the limits of another. Files that either does not have are left out.
    package static func copy(from source: String, to target: String) throws(Failure) {
        for file in files {
            guard access("\(target)/\(file)", W_OK) == 0 else { continue }
            for value in settings(file, text: KernelFile.contents(of: "\(source)/\(file)")) {
                try KernelFile.write(value, to: "\(target)/\(file)")
            }
        }
    }

    /// Gives the cgroups of a name the limits that libvirt's cgroups beside them have now, those that were lifted too.
    ///
    /// - Returns: whether there is such a cgroup with one of libvirt's beside it.
    package static func follow(named name: String, below root: String) throws(Failure) -> Bool {
        var isThere = false
        for directory in CgroupTree.directories(named: [name], below: root) {
            let source = String(directory.dropLast(name.utf8.count + 1)) + CgroupPlace.leaf
            guard access(source, F_OK) == 0 else { continue }
            isThere = true
            for file in files where access("\(directory)/\(file)", W_OK) == 0 {
                for value in KernelFile.contents(of: "\(source)/\(file)").split(separator: "\n") {
                    try KernelFile.write(String(value), to: "\(directory)/\(file)")
                }
            }
        }
        return isThere
    }

    /// Returns the writes that copy a file's settings to another directory.
    ///
    /// - Parameters:
    ///   - file: the file's name.
    ///   - text: its contents. An empty cpuset, `max` and the default weight are what a new cgroup has.
    package static func settings(_ file: String, text: String) -> [String] {
        let unchanged = file == "cpu.weight" ? ["100"] : ["max", "max 100000", "default 100"]
        return text.split(separator: "\n").map(String.init).filter { !unchanged.contains($0) }
    }

    private static func words(of path: String) -> Set<String> {
        Set(KernelFile.contents(of: path).split { $0 == " " || $0 == "\n" }.map(String.init))
    }
}
