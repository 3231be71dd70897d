import CloudConfigLoading

#if canImport(Glibc)
    import Glibc
#endif

/// What `slipway validate` was given, told by its first line.
enum ValidatedFile {
    case topology
    case cloudConfig([UInt8])

    /// More than any file of these kinds has; what is larger is not read into memory.
    private static let limit = 16 << 20

    /// - Parameter isCloudConfig: whether it is one whatever it begins with.
    init(path: String, isCloudConfig: Bool) throws {
        // Nothing read: a name, or a file that cannot be read; the topology's loader has the words for it.
        let bytes = Self.read(path, upTo: Self.limit + 1) ?? []
        let firstLine = String(decoding: bytes.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self)
        guard isCloudConfig || UserDataKind.isCloudConfig(firstLine) else {
            self = .topology
            return
        }
        guard bytes.count <= Self.limit else {
            throw UserError("\(path) has more than \(Self.limit >> 20) MiB, which is no cloud-config")
        }
        self = .cloudConfig(bytes)
    }

    private static func read(_ path: String, upTo limit: Int) -> [UInt8]? {
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
