extension CgroupTree {
    /// Bounds what everything in the cgroups of a name reads from and writes to a disk, each by itself.
    ///
    /// - Parameters:
    ///   - device: number of a whole disk, such as `254:0`.
    ///   - bytesPerSecond: nil for no bound.
    ///   - operationsPerSecond: nil for no bound.
    /// - Returns: whether there is such a cgroup.
    package static func limitDisk(
        _ device: String,
        bytesPerSecond: UInt64?,
        operationsPerSecond: UInt32?,
        named name: String,
        below root: String,
    ) throws(Failure) -> Bool {
        let directories = directories(named: [name], below: root)
        let bytes = bytesPerSecond.map(String.init) ?? "max"
        let operations = operationsPerSecond.map(String.init) ?? "max"
        let setting = "\(device) rbps=\(bytes) wbps=\(bytes) riops=\(operations) wiops=\(operations)"
        for directory in directories { try KernelFile.write(setting, to: directory + "/io.max") }
        return !directories.isEmpty
    }

    /// Returns whether a disk of anything in the cgroups of a name is bounded.
    package static func isDiskBounded(named name: String, below root: String) -> Bool {
        directories(named: [name], below: root).contains { directory in
            // A device without a bound has no line.
            KernelFile.contents(of: directory + "/io.max").contains("=")
        }
    }
}
