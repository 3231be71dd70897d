import Basics
import FoundationEssentials
import SystemPackage

/// Seeds of keys that clusters brought from the hosts on which they were before, a file of JSON for each cluster.
struct AdoptedSeeds: Sendable {
    private struct Seed: Codable {
        var purpose: [String]
        /// Base64.
        var seed: String
    }

    private static let name = "adopted"

    /// By what the host's secret is asked with.
    var seeds: [[String]: [UInt8]] = [:]

    init() {}

    /// Reads all that are kept.
    init(below directory: FilePath) throws {
        let place = directory.appending(Self.name)
        guard FileManager.default.fileExists(atPath: place.string) else { return }
        for file in try FileManager.default.contentsOfDirectory(atPath: place.string) where file.hasSuffix(".json") {
            let data = try Data(contentsOf: URL(filePath: place.appending(file).string))
            for seed in try JSONDecoder().decode([Seed].self, from: data) {
                seeds[seed.purpose] = try Base64.decode(seed.seed.utf8)
            }
        }
    }

    /// Writes those of a cluster.
    func keep(_ cluster: String, below directory: FilePath) throws {
        let own = seeds.filter { $0.key.count > 1 && $0.key[1] == cluster }
        let list = own.map { Seed(purpose: $0.key, seed: Base64.encode($0.value)) }
        try FileManager.default.createDirectory(
            atPath: directory.appending(Self.name).string,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700],
        )
        let path = directory.appending(Self.name).appending("\(cluster).json").string
        try AtomicFile.write(Array(JSONEncoder().encode(list)), to: path, mode: 0o600)
    }

    static func forget(_ cluster: String, below directory: FilePath) throws {
        let path = directory.appending(name).appending("\(cluster).json").string
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}
