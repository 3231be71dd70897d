import Foundation
import Testing

/// Golden files: texts that hold a program's behaviour, in the folder `Golden` beside the test that compares them.
///
/// `SLIPWAY_RECORD=1` writes the files whose text has changed and fails the tests that wrote them, so that a recording
/// is looked at before it is committed. `Tests/README.md` says how.
package enum Golden {
    /// Expects `text` to be the content of `Golden/NAME`.
    ///
    /// - Parameters:
    ///   - text: a text that is the same on every host and run.
    ///   - name: the file's path in the folder `Golden`.
    ///   - testFile: the test's source file, beside which the folder is.
    package static func expect(
        _ text: String,
        _ name: String,
        testFile: String = #filePath,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) throws {
        let file = directory(testFile).appending(path: name)
        let recorded = try content(of: file)
        guard text != recorded else { return }
        guard isRecording else {
            let what = recorded.map { TextDifference(from: $0, to: text).description } ?? "there is no such file"
            Issue.record("\(file.path)\n\(what)\n\(advice(testFile))", sourceLocation: sourceLocation)
            return
        }
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        Issue.record("recorded \(file.path)", sourceLocation: sourceLocation)
    }

    /// Expects the folder `Golden/FOLDER` to hold these files and no others, so that a text whose case is gone goes
    /// too.
    package static func expectFiles(
        _ names: some Sequence<String>,
        in folder: String = "",
        testFile: String = #filePath,
        sourceLocation: SourceLocation = #_sourceLocation,
    ) throws {
        let folder = directory(testFile).appending(path: folder)
        let present = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let stale = Set(present).subtracting(names).sorted()
        #expect(stale == [], "no case has these: remove them from \(folder.path)", sourceLocation: sourceLocation)
    }

    /// The folder of the golden files of a test.
    package static func directory(_ testFile: String = #filePath) -> URL {
        URL(filePath: testFile).deletingLastPathComponent().appending(path: "Golden")
    }

    private static var isRecording: Bool { ProcessInfo.processInfo.environment["SLIPWAY_RECORD"] != nil }

    private static func content(of file: URL) throws -> String? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try String(contentsOf: file, encoding: .utf8)
    }

    private static func advice(_ testFile: String) -> String {
        let target = URL(filePath: testFile).deletingLastPathComponent().lastPathComponent
        return "If the new text is right: SLIPWAY_RECORD=1 swift test --filter \(target); then read `git diff`."
    }
}
