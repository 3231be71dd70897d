import Basics
import FoundationEssentials

/// Reading and writing of `subnet.env`.
package struct SubnetFiles: Sendable {
    /// Text of a file; nil where there is none.
    package var read: @Sendable (_ path: String) -> String?
    /// Replaces a file as a whole.
    package var write: @Sendable (_ path: String, _ text: String) throws -> Void

    package init(
        read: @escaping @Sendable (_ path: String) -> String?,
        write: @escaping @Sendable (_ path: String, _ text: String) throws -> Void,
    ) {
        (self.read, self.write) = (read, write)
    }

    /// The system's files.
    package static let system = SubnetFiles(
        read: { try? String(contentsOfFile: $0, encoding: .utf8) },
        write: { path, text in
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            if !directory.isEmpty {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            }
            try AtomicFile.write(text, to: path)
        },
    )
}
