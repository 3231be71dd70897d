import TestKit
import Testing

@testable import Images

@Suite struct AptSourcesTests {
    private let stanza = """
        Types: deb
        URIs: http://mirror.example/debian
        Suites: bookworm bookworm-updates
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
        """

    @Test func takesTheHostsSourcesOfTheSameRelease() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let newer = "Types: deb\nURIs: http://x\nSuites: trixie\nComponents: main\n"
            try scratch.write("# a comment\n\(stanza)\n\n\(newer)", to: "etc/apt/sources.list.d/debian.sources")
            let other = "deb https://packages.example/apt cloud-sdk-bookworm main\n"
            try scratch.write(other, to: "etc/apt/sources.list.d/other.list")
            #expect(AptSources.host(suite: "bookworm", root: scratch.path) == AptSources(stanzas: [stanza]))
        }
    }

    @Test func fallsBackToDebiansAddress() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            try scratch.write("deb http://archive.ubuntu.com/ubuntu noble main\n", to: "etc/apt/sources.list")
            let sources = AptSources.host(suite: "bookworm", root: scratch.path)
            #expect(sources == .defaults(suite: "bookworm"))
        }
    }

    @Test(
        arguments: [
            ("deb http://d/debian bookworm main", true),
            ("deb [arch=amd64 signed-by=/k.gpg] http://d/debian bookworm-updates main contrib", true),
            ("deb-src http://d/debian bookworm main", false),
            ("deb https://download.docker.com/linux/debian bookworm stable", false),
            ("# deb http://d/debian bookworm main", false),
            ("deb http://d/debian bookworm-backports main", false),
        ]
    )
    func choosesLines(_ line: String, _ chosen: Bool) {
        #expect(AptSources.matchingLines(line, suite: "bookworm") == (chosen ? [line] : []))
    }
}
