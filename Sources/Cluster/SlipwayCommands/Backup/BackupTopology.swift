import Backups
import Basics
import FoundationEssentials
import TopologyLoading
import Workspace

/// The topology in a backup, and the files that it names.
struct BackupTopology {
    /// Path of the topology file when the backup was made.
    let name: String
    /// Texts by path.
    let texts: [String: String]

    /// The topology as it was read then, whatever there is now at those paths.
    func load() -> LoadedTopology {
        TopologyLoader(files: KeptFiles(texts)).load(texts[name] ?? "", file: name)
    }

    /// Writes the files below a directory, at the places where the topology looks for them.
    ///
    /// - Returns: their paths, the topology's first.
    /// - Throws: ``UserError`` for a file that is there already, before any is written.
    func extract(to directory: String) throws -> [String] {
        let paths = [name] + texts.keys.filter { $0 != name }.sorted()
        let targets = paths.map { (path: $0, target: "\(directory)/\(place(of: $0))") }
        for (_, target) in targets where FileManager.default.fileExists(atPath: target) {
            throw UserError("\(target) exists; name another directory")
        }
        for (path, target) in targets {
            let parent = target[..<(target.lastIndex(of: "/") ?? target.endIndex)]
            try FileManager.default.createDirectory(atPath: String(parent), withIntermediateDirectories: true)
            try AtomicFile.write(texts[path] ?? "", to: target)
        }
        return targets.map(\.target)
    }

    /// Path of a file beside the topology; what lay elsewhere gets its last name only.
    private func place(of path: String) -> String {
        let own = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        let relative = path.hasPrefix(own) ? String(path.dropFirst(own.count)) : path
        let parts = relative.split(separator: "/").map(String.init)
        let isInside = !relative.hasPrefix("/") && !parts.contains("..") && !parts.contains(".")
        if path == "-" { return "topology.yaml" }
        return isInside ? parts.joined(separator: "/") : parts.last ?? "file"
    }
}
