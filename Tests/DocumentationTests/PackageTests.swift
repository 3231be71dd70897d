import TestKit
import Testing

/// The Debian package, as far as it can be told without building it.
@Suite struct PackageTests {
    /// The package's control file, as Scripts/package writes it. What a build decides is replaced: libraries, the size,
    /// and who made it.
    @Test(arguments: ["amd64", "arm64"])
    func control(architecture: String) async throws {
        try await TemporaryDirectory.with { directory in
            let script = """
                cd '\(Checkout.path)' && mkdir -p '\(directory)/usr' && exec bash -euo pipefail -c '
                . Scripts/lib/common.sh
                . Scripts/lib/package-tree.sh
                maintainer() { echo "Maintainers <maintainers@example.com>"; }
                library_depends() { echo "libc6 (>= 2.35)"; }
                du() { printf "1024\\tusr\\n"; }
                control '\(directory)' 1.2.3 \(architecture)'
                """
            let ran = try await ShellCommand.run(script)
            #expect(ran.exitCode == 0, "\(ran.output)")
            try Golden.expect(ran.output, "control-\(architecture)")
        }
    }

    @Test func goldenFilesHaveCases() throws { try Golden.expectFiles(["control-amd64", "control-arm64"]) }
}
