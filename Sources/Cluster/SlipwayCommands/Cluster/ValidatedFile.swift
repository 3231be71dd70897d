import CloudConfig
import CloudConfigLoading
import FoundationEssentials
import TopologyLoading
import UnitFiles
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

/// Kind of a file given to `slipway validate`, recognised by its first line or by its name.
enum ValidatedFile {
    case topology
    case unit(text: String)
    case cloudConfig([UInt8])
    /// User-data that a node runs as it is.
    case script

    /// More than any file of these kinds has; what is larger is not read into memory.
    private static let limit = DiskFiles.limit

    /// - Parameter isCloudConfig: whether it is one whatever it begins with.
    init(path: String, isCloudConfig: Bool) throws {
        // Nothing read: a name, or a file that cannot be read; the topology's loader reports it.
        var bytes = Self.read(path, upTo: Self.limit + 1) ?? []
        // Nodes take user-data packed by gzip, too.
        if Gzip.isGzip(bytes) {
            do {
                bytes = try Gzip.decompress(bytes, limit: Self.limit)
            } catch {
                throw UserError("\(path) cannot be unpacked: \(error)")
            }
        }
        // A node refuses a cloud-config that begins with a byte order mark, and its error is that of a cloud-config.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let start = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        let firstLine = String(decoding: start.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self)
        if firstLine.hasPrefix("#!"), !isCloudConfig {
            self = .script
            return
        }
        let isConfig = isCloudConfig || UserDataKind.isCloudConfig(firstLine)
        if !isConfig, CloudConfig.Unit(name: path).isNetwork, !bytes.isEmpty {
            throw UserError("\(path) is a file of systemd-networkd; units of systemd are checked here")
        }
        guard isConfig || Self.isUnit(path) && !bytes.isEmpty else {
            self = .topology
            return
        }
        guard bytes.count <= Self.limit else {
            let kind = isConfig ? "cloud-config" : "unit file"
            throw UserError("\(path) has more than \(Self.limit >> 20) MiB, which is no \(kind)")
        }
        guard isConfig else {
            self = .unit(text: String(decoding: bytes, as: UTF8.self))
            return
        }
        self = .cloudConfig(bytes)
    }

    /// The file itself; of a directory, the files below it that can be checked, without hidden ones.
    static func paths(at path: String) throws -> [String] {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
            return [path]
        }
        let directory = path.hasSuffix("/") ? path : path + "/"
        let found = try FileManager.default.subpathsOfDirectory(atPath: path).sorted().filter { name in
            !name.split(separator: "/").contains { $0.hasPrefix(".") }
        }.map { directory + $0 }.filter(isChecked)
        guard !found.isEmpty else { throw UserError("there is no topology, cloud-config or unit in \(path)") }
        return found
    }

    private static func isChecked(_ path: String) -> Bool {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory else {
            return false
        }
        if isUnit(path) || path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return true }
        let start = read(path, upTo: 200) ?? []
        let isPacked = Gzip.isGzip(start) && path.hasSuffix(".gz")
        return isPacked || UserDataKind.isCloudConfig(String(decoding: start.prefix { $0 != 0x0A }, as: UTF8.self))
    }

    private static func isUnit(_ path: String) -> Bool {
        path.split(separator: ".").last.map { UnitName.suffixes.contains(String($0)) } ?? false
    }

    private static func read(_ path: String, upTo limit: Int) -> [UInt8]? {
        // The topology's loader reports why it cannot be read.
        if DiskFiles.isReadOnce(path) { return try? DiskFiles.bytes(at: path) }
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < limit {
            let count = fread(&buffer, 1, min(buffer.count, limit - bytes.count), file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
