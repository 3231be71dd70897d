import Diagnostics
import FoundationEssentials
import SystemPackage
import TopologyLoading
import TopologyModel
import Workspace

/// A cluster as named on the command line: a topology file (`-` is standard input), or a name.
enum ClusterArgument: Sendable, Hashable {
    case file(String)
    case name(String)

    init(_ text: String) {
        let looksLikeFile = text == "-" || text.contains("/") || text.hasSuffix(".yaml") || text.hasSuffix(".yml")
        self = looksLikeFile || Self.isFile(text) ? .file(text) : .name(text)
    }

    /// True for a topology file.
    var isFile: Bool { if case .file = self { true } else { false } }

    /// The cluster's name; of a file, the name it states.
    ///
    /// - Throws: `InvalidName` for a text that no cluster can have as its name.
    func clusterName() throws -> ClusterName {
        switch self {
        case .name(let name): try ClusterName(name)
        case .file: try ClusterName(topology().name)
        }
    }

    /// The topology, checked. A bare name stands for `NAME.yaml` here or in `Topologies/`, and else for
    /// one that was installed with the program.
    func topology() throws -> Topology { try load().checked() }

    func load() throws -> LoadedTopology { TopologyLoader().load(path: try path()) }

    func path() throws -> String {
        switch self {
        case .file(let path):
            return path
        case .name(let text):
            let name = try ClusterName(text)
            let candidates = Self.candidates(text)
            if let found = candidates.first(where: Self.isFile) { return found }
            guard let found = installedFile else {
                throw UserError(
                    "'\(name)' is no file, and there is none of \(candidates.joined(separator: ", ")); name a topology file"
                )
            }
            Output.note("\(name) is \(found)")
            return found
        }
    }

    /// The file that came with the program and that a bare name stands for; nil where the name stands for another.
    var installedFile: String? {
        guard case .name(let name) = self, let found = Self.installed.map({ "\($0)/\(name).yaml" }), Self.isFile(found),
            !Self.candidates(name).contains(where: Self.isFile)
        else { return nil }
        return found
    }

    /// Path of a file without its suffix in `Topologies/` here, or else among those that came with the program; nil where
    /// there is none of that name.
    static func shipped(_ name: String) -> String? {
        let places = ["Topologies"] + (installed.map { [$0] } ?? [])
        return places.map { "\($0)/\(name).yaml" }.first(where: isFile)
    }

    private static func candidates(_ name: String) -> [String] {
        ["\(name).yaml", "\(name).yml", "Topologies/\(name).yaml", "Topologies/\(name).yml"]
    }

    /// `share/slipway` beside the directory of the running program.
    private static var installed: String? {
        let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return program.map { "\(FilePath($0).removingLastComponent().removingLastComponent())/share/slipway" }
    }

    private static func isFile(_ path: String) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory
    }
}
