import Basics
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// The backups of one cluster in a directory, of which the newest are kept.
package struct BackupRetention: Sendable {
    /// Directory of the backups; other files in it are left alone.
    package let directory: String
    /// Name of the cluster.
    package let cluster: String

    private static let suffix = ".backup"

    package init(directory: String, cluster: String) {
        (self.directory, self.cluster) = (directory, cluster)
    }

    /// Name of a backup: `production-20261129T160512Z.backup`.
    ///
    /// - Parameter time: in seconds since 1970.
    package static func fileName(cluster: String, time: Int64) -> String {
        "\(cluster)-\(Timestamp.text(time).filter { $0 != "-" && $0 != ":" })\(suffix)"
    }

    /// Names of this cluster's backups, newest first: regular files that are called so and begin as one does.
    package func backups() throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        return names.filter { isName($0) && isBackup("\(directory)/\($0)") }.sorted(by: >)
    }

    /// Removes all but the newest.
    ///
    /// - Parameter count: how many stay, at least one.
    /// - Returns: names of those that were removed.
    package func prune(keeping count: Int) throws -> [String] {
        let old = Array(try backups().dropFirst(max(count, 1)))
        for name in old { try FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
        return old
    }

    /// Time in a backup's name, in seconds since 1970; nil for another name.
    package func time(of name: String) -> Int64? {
        guard isName(name) else { return nil }
        let text = Array(name.dropFirst(cluster.count + 1).dropLast(Self.suffix.count))
        func part(_ range: Range<Int>) -> String { String(text[range]) }
        let time = [part(9..<11), part(11..<13), part(13..<15)].joined(separator: ":")
        return Timestamp.seconds("\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(time)Z")
    }

    private func isName(_ name: String) -> Bool {
        guard name.hasPrefix("\(cluster)-"), name.hasSuffix(Self.suffix) else { return false }
        let time = Array(name.dropFirst(cluster.count + 1).dropLast(Self.suffix.count).utf8)
        guard time.count == 16, time[8] == UInt8(ascii: "T"), time[15] == UInt8(ascii: "Z") else { return false }
        return (time[..<8] + time[9..<15]).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private func isBackup(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return BackupFile.begins(path)
    }
}
