import Basics
import Provisioning
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// A whole disk of this host.
struct BlockDevice: Sendable, Hashable {
    /// Major and minor number, such as `254:0`.
    var number: String
    /// Path, such as `/dev/vda`.
    var path: String

    /// Finds the disk that a file lies on; what lies on a partition is bounded by the disk that has it.
    ///
    /// - Parameters:
    ///   - path: of a file or directory.
    ///   - mounts: text of `/proc/self/mountinfo`; read where none is given.
    /// - Returns: nil where there is no such file.
    /// - Throws: ``ProviderError`` with `.unsupported` where it is on no disk of its own.
    static func holding(
        _ path: String,
        mounts: String? = nil,
        sysfs: String = "/sys",
    ) throws -> BlockDevice? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw ProviderError(.failed, "cannot examine \(path)", cause: "\(Errno(rawValue: errno))")
            }
            return nil
        }
        if let device = try BlockDevice(numbered: name(status.st_dev), sysfs: sysfs) { return device }
        // Btrfs, say, gives its files a number of their own.
        let mount = Mount.last(above: path, in: try mounts ?? WholeFile.text(of: "/proc/self/mountinfo") ?? "")
        if let mount, mount.source.hasPrefix("/dev/"), stat(mount.source, &status) == 0,
            let device = try BlockDevice(numbered: name(status.st_rdev), sysfs: sysfs)
        {
            return device
        }
        let type = mount.map { " (\($0.type))" } ?? ""
        throw ProviderError(.unsupported, "\(path) lies on no disk that could be bounded\(type)")
    }

    /// - Parameter number: of a disk or of a partition.
    /// - Returns: nil where the host has no such disk.
    private init?(numbered number: String, sysfs: String) throws {
        let entry = "\(sysfs)/dev/block/\(number)"
        let isPartition = access("\(entry)/partition", F_OK) == 0
        // The kernel goes up from where the entry leads to: a partition's directory lies in its disk's.
        guard let text = try WholeFile.text(of: "\(entry)\(isPartition ? "/.." : "")/uevent") else { return nil }
        let fields = Dictionary(
            text.split(separator: "\n").compactMap { line in
                let parts = line.split(separator: "=", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            }
        ) { $1 }
        guard let major = fields["MAJOR"], let minor = fields["MINOR"], let name = fields["DEVNAME"] else { return nil }
        (self.number, path) = ("\(major):\(minor)", "/dev/\(name)")
    }

    /// Linux's own layout of device numbers.
    private static func name(_ device: dev_t) -> String {
        let number = UInt64(device)
        let major = (number >> 8 & 0xfff) | (number >> 32 & ~0xfff)
        let minor = (number & 0xff) | (number >> 12 & ~0xff)
        return "\(major):\(minor)"
    }

    /// A line of `/proc/self/mountinfo`.
    private struct Mount {
        var point: String
        var type: String
        var source: String

        /// The mount that a path is seen through; the last one of a place hides those before it.
        static func last(above path: String, in text: String) -> Mount? {
            var found: Mount?
            for line in text.split(separator: "\n") {
                let halves = line.split(separator: " - ", maxSplits: 1).map { $0.split(separator: " ") }
                guard halves.count == 2, halves[0].count > 4, halves[1].count > 1 else { continue }
                let mount = Mount(
                    point: String(halves[0][4]),
                    type: String(halves[1][0]),
                    source: String(halves[1][1]),
                )
                let isAbove = mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
                if isAbove, mount.point.count >= found?.point.count ?? 0 { found = mount }
            }
            return found
        }
    }
}
