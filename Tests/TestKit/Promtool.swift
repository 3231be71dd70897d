import Foundation

/// Prometheus' own checker, as Scripts/test unpacks it: its package, installed, would start a server.
package enum Promtool {
    /// Path of the program.
    package static let path = "\(Checkout.path)/.build/checkers/usr/bin/promtool"

    /// What it has to say against something.
    package struct Refusal: Error, CustomStringConvertible {
        package var description: String
    }

    /// Checks figures in Prometheus' text format.
    ///
    /// - Throws: what is wrong with them.
    package static func check(metrics text: String) async throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Refusal(description: "there is no \(path); run: Scripts/test unit")
        }
        try await TemporaryDirectory.with { directory in
            let file = "\(directory)/metrics"
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            let ran = try await ShellCommand.run("'\(path)' check metrics < '\(file)'")
            guard ran.exitCode == 0 else { throw Refusal(description: ran.output) }
        }
    }
}
