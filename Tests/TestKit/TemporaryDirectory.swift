import Foundation
import SystemPackage

/// A directory for one test, removed with the last reference to it.
package final class TemporaryDirectory: Sendable {
    /// Path of the directory.
    package let path: String

    /// Path of the directory, for what takes no text.
    package var filePath: FilePath { FilePath(path) }

    package init() throws {
        path = NSTemporaryDirectory() + "slipway-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            FileHandle.standardError.write(Data("\(path) is left behind: \(error)\n".utf8))
        }
    }

    /// Synchronous variant of `with(_:)`.
    package static func withPath<Result>(_ body: (String) throws -> Result) throws -> Result {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        return try body(directory.path)
    }

    /// Calls `body` with the path of a new directory, which is removed after it.
    package static func with<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (String) async throws -> Result,
    ) async throws -> Result {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        return try await body(directory.path)
    }

    /// Calls `body` with a new directory, which is removed after it.
    package static func withFiles<Result>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: (TemporaryDirectory) async throws -> Result,
    ) async throws -> Result {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        return try await body(directory)
    }

    // MARK: Files

    /// Path of a file in it.
    package func path(of name: String) -> String { "\(path)/\(name)" }

    /// Writes a file, and makes the directories it is in.
    ///
    /// - Returns: its path.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String, mode: Int = 0o644) throws -> String {
        let file = path(of: name)
        let directory = URL(filePath: file).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// Writes a file's text, and makes the directories it is in.
    ///
    /// - Returns: its path.
    @discardableResult
    package func write(_ text: String, to name: String, mode: Int = 0o644) throws -> String {
        try write(Array(text.utf8), to: name, mode: mode)
    }

    /// Text of a file.
    package func text(_ name: String) throws -> String { try String(contentsOfFile: path(of: name), encoding: .utf8) }

    /// Permission bits of a file.
    package func permissions(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(of: name))[.posixPermissions] as? Int
    }

    /// Names in one of its directories, sorted; none where there is no such directory.
    package func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path(of: directory))) ?? []).sorted()
    }
}
