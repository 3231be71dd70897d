import FoundationEssentials

/// Package sources of a Debian release: the host's own when it runs the same release, because they are known to work
/// there; otherwise Debian's public mirror.
struct AptSources: Sendable, Hashable {
    /// Lines as in sources.list(5), and stanzas as in a `.sources` file.
    var lines: [String] = []
    var stanzas: [String] = []

    static func defaults(suite: String) -> AptSources {
        let options = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
        return AptSources(lines: [
            "deb \(options) http://deb.debian.org/debian \(suite) main",
            "deb \(options) http://deb.debian.org/debian \(suite)-updates main",
            "deb \(options) http://deb.debian.org/debian-security \(suite)-security main",
        ])
    }

    /// Reads `/etc/apt` below `root`.
    static func host(suite: String, root: String = "") -> AptSources {
        var sources = AptSources()
        let directory = root + "/etc/apt/sources.list.d"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let files = [root + "/etc/apt/sources.list"] + names.sorted().map { "\(directory)/\($0)" }
        for file in files {
            guard let data = FileManager.default.contents(atPath: file) else { continue }
            let text = String(decoding: data, as: UTF8.self)
            if file.hasSuffix(".sources") {
                sources.stanzas += matchingStanzas(text, suite: suite)
            } else if file.hasSuffix(".list") {
                sources.lines += matchingLines(text, suite: suite)
            }
        }
        return sources.names(suite) ? sources : defaults(suite: suite)
    }

    /// Returns whether the release itself is among them; its updates alone make no root.
    private func names(_ suite: String) -> Bool {
        lines.contains { Self.words($0).contains(suite) }
            || stanzas.contains { Self.field("Suites", of: $0).contains(suite) }
    }

    static func matchingLines(_ text: String, suite: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { line in
            var words = words(line)
            guard words.first == "deb" else { return false }
            if let open = words.firstIndex(where: { $0.hasPrefix("[") }),
                let close = words.firstIndex(where: { $0.hasSuffix("]") }), open <= close
            {
                words.removeSubrange(open...close)
            }
            return words.count > 3 && belongs(words[2], to: suite) && words[3...].contains("main")
        }
    }

    static func matchingStanzas(_ text: String, suite: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("#") }
        return lines.split(whereSeparator: { $0.allSatisfy(\.isWhitespace) })
            .map { $0.joined(separator: "\n") }
            .filter { stanza in
                let suites = field("Suites", of: stanza)
                return !suites.isEmpty && suites.allSatisfy { belongs($0, to: suite) }
                    && field("Types", of: stanza).contains("deb")
                    && field("Components", of: stanza).contains("main")
                    && field("Enabled", of: stanza) != ["no"]
            }
    }

    /// A release's own pockets, such as `bookworm-security`; not `cloud-sdk-bookworm` or `bookworm-backports`.
    private static func belongs(_ name: String, to suite: String) -> Bool {
        [suite, "\(suite)-updates", "\(suite)-security"].contains(name)
    }

    private static func field(_ name: String, of stanza: String) -> [String] {
        for line in stanza.split(separator: "\n") where line.lowercased().hasPrefix(name.lowercased() + ":") {
            return words(String(line.dropFirst(name.count + 1)))
        }
        return []
    }

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
