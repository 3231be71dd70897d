import Diagnostics
import FoundationEssentials
import Subprocess

/// systemd's own check of unit files, `systemd-analyze verify`.
struct SystemdVerify {
    /// Bytes of what it says; it says a line a fault.
    private static let outputLimit = 1 << 20

    /// Path as the user gave it, and text.
    let files: [String: String]

    /// - Throws: `FleetctlError` when there is no systemd here.
    func run() async throws -> [Diagnostic] {
        let directory = FileManager.default.temporaryDirectory.path + "/fleetctl-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            for (path, text) in files {
                try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(Self.base(path))"))
            }
            let copies = files.keys.sorted().map { "\(directory)/\(Self.base($0))" }
            let said = try await Interruption.throwing {
                try await Subprocess.run(
                    .name("systemd-analyze"),
                    arguments: Arguments(["verify", "--man=no"] + copies),
                    output: .discarded,
                    error: .string(limit: Self.outputLimit),
                ).standardError
            }
            return diagnostics(in: said, directory: directory)
        } catch let error as Interruption {
            throw error
        } catch {
            throw FleetctlError(.file, "systemd-analyze cannot be run here; it is part of systemd")
        }
    }

    /// Its lines as diagnostics: `PATH:LINE: what` and `UNIT: what`.
    func diagnostics(in output: String, directory: String) -> [Diagnostic] {
        output.split(separator: "\n").compactMap { line in
            for path in files.keys.sorted() {
                let base = Self.base(path)
                if let rest = line.text(after: "\(directory)/\(base):") {
                    let number = rest.prefix { $0.isNumber }
                    let text = rest.dropFirst(number.count).drop { $0 == ":" || $0 == " " }
                    return finding(text, at: Int(number).map { SourceLocation(file: path, line: $0, column: 1) })
                }
                // Of the unit as a whole; the line begins with its name.
                if line.hasPrefix("\(base): ") { return finding(line, at: nil) }
            }
            return nil
        }
    }

    private func finding(_ text: Substring, at location: SourceLocation?) -> Diagnostic {
        let isHarmless = Self.harmless.contains(where: text.lowercased().contains)
        return Diagnostic(isHarmless ? .warning : .error, "systemd: \(text)", at: location)
    }

    /// In lines about what systemd passes over or advises against, and about programs and units that this machine lacks
    /// and the unit's own may have.
    private static let harmless = ["ignor", "unsafe", "deprecated", "obsolete", "is not executable", "not found"]

    private static func base(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension Substring {
    fileprivate func text(after prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
