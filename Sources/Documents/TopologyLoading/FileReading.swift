import FoundationEssentials

/// How a topology's unit files are found.
package protocol FileReading: Sendable {
    /// The text of the file at `path`; nil when there is none.
    ///
    /// - Throws: when there is one that cannot be read; the error says why.
    func text(at path: String) throws -> String?

    /// The names in a directory, for suggestions; empty when it cannot be listed.
    func names(in directory: String) -> [String]
}

/// The files of this machine; relative paths start at the working directory.
package struct DiskFiles: FileReading {
    package init() {}

    package func text(at path: String) throws -> String? {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return nil }
        guard !isDirectory else { throw FileReadingError.directory }
        guard let bytes = FileManager.default.contents(atPath: path) else { throw FileReadingError.unreadable }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileReadingError.notText }
        return text
    }

    package func names(in directory: String) -> [String] {
        // Only suggestions come from here, and without them the message still says what is wrong.
        (try? FileManager.default.contentsOfDirectory(atPath: directory.isEmpty ? "." : directory)) ?? []
    }
}

enum FileReadingError: Error, CustomStringConvertible {
    case directory, unreadable, notText

    var description: String {
        switch self {
        case .directory: "it is a directory"
        case .unreadable: "the system does not let it be read; look at its permissions"
        case .notText: "it is not UTF-8 text"
        }
    }
}
