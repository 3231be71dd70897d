import Glibc

/// Directories of the cgroup v2 hierarchy, and what runs in them.
package enum CgroupTree {
    /// Time that killed processes may take to end, in milliseconds.
    private static let patience: Int32 = 5000

    /// Kills what runs in the cgroups of some names, wherever they lie below `root`, and removes them.
    package static func remove(named names: Set<String>, below root: String) throws(Failure) {
        for directory in directories(named: names, below: root) {
            // Kernels before 5.14 have no cgroup.kill; there the directory must become empty by itself.
            if access(directory + "/cgroup.kill", W_OK) == 0 {
                try KernelFile.write("1", to: directory + "/cgroup.kill")
            }
            try waitAndRemove(directory)
        }
    }

    private static func waitAndRemove(_ directory: String) throws(Failure) {
        var waited: Int32 = 0
        while !remove(directory) {
            guard waited < patience else {
                throw Failure("\(directory) is still in use \(patience / 1000) s after its processes were killed")
            }
            _ = poll(nil, 0, 10)
            waited += 10
        }
    }

    /// Directories of those names, anywhere; not searched inside once found.
    package static func directories(named names: Set<String>, below root: String) -> [String] {
        var found: [String] = []
        for name in subdirectories(of: root) {
            let path = root + "/" + name
            if names.contains(name) {
                found.append(path)
            } else {
                found += directories(named: names, below: path)
            }
        }
        return found
    }

    /// Removes a cgroup and those in it, deepest first.
    ///
    /// - Returns: whether it is gone; it stays while processes are in it.
    @discardableResult
    package static func remove(_ path: String) -> Bool {
        for name in subdirectories(of: path) {
            remove(path + "/" + name)
        }
        return rmdir(path) == 0 || errno == ENOENT
    }

    private static func subdirectories(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." {
                names.append(name)
            }
        }
        return names
    }
}
