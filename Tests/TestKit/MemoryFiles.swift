import TopologyLoading

/// Files that are texts in memory, by path.
package struct MemoryFiles: FileReading {
    /// Contents by path.
    package var texts: [String: String]

    package init(_ texts: [String: String] = [:]) {
        self.texts = texts
    }

    package func text(at path: String) throws -> String? { texts[path] }

    package func names(in directory: String) -> [String] {
        let prefix = directory.isEmpty ? "" : directory + "/"
        return texts.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
            .filter { !$0.contains("/") }
    }
}
