import Synchronization

/// Files of this machine, with a record of those that a topology was made of.
package final class RecordingFiles: FileReading {
    private let files: any FileReading
    private let texts = Mutex<[String: String]>([:])

    package init(_ files: any FileReading = DiskFiles()) { self.files = files }

    /// Texts that were read, by path.
    package var read: [String: String] { texts.withLock { $0 } }

    package func text(at path: String) throws -> String? {
        guard let text = try files.text(at: path) else { return nil }
        texts.withLock { $0[path] = text }
        return text
    }

    package func names(in directory: String) -> [String] { files.names(in: directory) }
}

/// Files that were kept with their paths; there are no others.
package struct KeptFiles: FileReading {
    private let texts: [String: String]

    package init(_ texts: [String: String]) { self.texts = texts }

    package func text(at path: String) -> String? { texts[path] }

    package func names(in directory: String) -> [String] {
        let prefix = directory.isEmpty ? "" : directory + "/"
        return texts.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
}
