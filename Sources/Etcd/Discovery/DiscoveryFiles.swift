import FoundationEssentials
import Glibc

/// The tokens on disk: one file each, replaced as a whole and written through before anybody is told.
struct DiscoveryFiles: Sendable {
    let directory: String

    func load() throws(DiscoveryError) -> [DiscoveryToken: DiscoveryCluster] {
        var clusters: [DiscoveryToken: DiscoveryCluster] = [:]
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) where name.hasSuffix(".json") {
                guard let token = DiscoveryToken(name.dropLast(5)) else { continue }
                let data = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
                clusters[token] = try JSONDecoder().decode(DiscoveryCluster.self, from: data)
            }
        } catch {
            throw DiscoveryError(.storage, "cannot read the tokens in \(directory)", cause: "\(error)")
        }
        return clusters
    }

    func save(_ token: DiscoveryToken, _ cluster: DiscoveryCluster) throws(DiscoveryError) {
        let path = "\(directory)/\(token).json"
        do {
            let data = try JSONEncoder().encode(cluster)
            try write(Array(data), to: path + ".new")
        } catch {
            throw DiscoveryError(.storage, "cannot write \(path)", cause: "\(error)")
        }
        guard rename(path + ".new", path) == 0 else { throw failure("cannot replace \(path)") }
        try synchronize(directory, O_DIRECTORY)
    }

    private func write(_ bytes: [UInt8], to path: String) throws(DiscoveryError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot create \(path)") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw failure("cannot write \(path)")
        }
    }

    private func synchronize(_ path: String, _ flags: Int32) throws(DiscoveryError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | flags)
        guard descriptor >= 0 else { throw failure("cannot open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot write through \(path)") }
    }

    private func failure(_ what: String) -> DiscoveryError {
        DiscoveryError(.storage, what, cause: String(cString: strerror(errno)))
    }
}
