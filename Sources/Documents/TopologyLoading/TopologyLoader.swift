import Diagnostics
import LocatedYAML
import TopologyModel

/// Result of reading a topology file.
package struct LoadedTopology: Sendable {
    /// Nil when there are errors.
    package var topology: Topology?
    /// All that is wrong or doubtful, in reading order.
    package var diagnostics: [Diagnostic]
    /// The texts the diagnostics point into, by file.
    package var sources: [String: String]

    /// The topology, or everything that is wrong with it as an error.
    package func checked() throws(DiagnosticsError) -> Topology {
        guard let topology else { throw DiagnosticsError(diagnostics, sources: sources) }
        return topology
    }
}

/// Reads topology files and the unit files they name, and reports all mistakes at once.
package struct TopologyLoader: Sendable {
    private let files: any FileReading

    package init(files: any FileReading = DiskFiles()) {
        self.files = files
    }

    /// Reads the file at `path`.
    package func load(path: String) -> LoadedTopology {
        do {
            if let text = try files.text(at: path) { return load(text, file: DiskFiles.name(of: path)) }
            return LoadedTopology(diagnostics: [missing(path)], sources: [:])
        } catch {
            return LoadedTopology(diagnostics: [.error("cannot read \(path): \(error)")], sources: [:])
        }
    }

    /// Reads a text.
    ///
    /// - Parameter file: the name in places; unit files are looked for beside it.
    package func load(_ text: String, file: String) -> LoadedTopology {
        let document = YAMLDocument(parsing: text, file: file)
        var reader = TopologyReader(file: file, text: text, files: files)
        var topology: Topology?
        if let root = document.root {
            topology = reader.read(root)
        } else if document.diagnostics.isEmpty {
            reader.reportEmptyFile()
        }
        let diagnostics = (document.diagnostics + reader.decoder.diagnostics).inReadingOrder
        return LoadedTopology(
            topology: diagnostics.hasErrors ? nil : topology,
            diagnostics: diagnostics,
            sources: reader.sources.merging([file: text]) { $1 },
        )
    }

    private func missing(_ path: String) -> Diagnostic {
        let (directory, name) = FilePath.split(path)
        let near = Spelling.nearest(to: name, among: files.names(in: directory))
        return .error(
            "there is no file \(path)",
            notes: near.map { ["did you mean \(FilePath.join(directory, $0))?"] } ?? []
        )
    }
}

/// Paths as texts: they are shown as the user wrote them.
enum FilePath {
    /// The directory (empty for a bare name) and the last component.
    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        return (directory, String(path[path.index(after: slash)...]))
    }

    static func join(_ directory: String, _ path: String) -> String {
        if directory.isEmpty || path.hasPrefix("/") { return path }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }
}
