import Basics
import FileErrors
import FoundationEssentials

/// The tokens on disk: one file each, replaced as a whole and flushed to disk before any response.
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
            throw DiscoveryError(.storage, "cannot read the tokens in \(directory)", cause: error.plainReason)
        }
        return clusters
    }

    func save(_ token: DiscoveryToken, _ cluster: DiscoveryCluster) throws(DiscoveryError) {
        let path = "\(directory)/\(token).json"
        do {
            let data = try JSONEncoder().encode(cluster)
            try AtomicFile.write(Array(data), to: path)
        } catch {
            throw DiscoveryError(.storage, "cannot write \(path)", cause: error.plainReason)
        }
    }
}
