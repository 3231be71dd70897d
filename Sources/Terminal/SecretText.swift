/// Text without the secrets in it.
package enum SecretText {
    /// Takes the private keys out, and what looks like a password, a token or the hash of one: for texts that go to
    /// others. Rather too much goes than too little.
    ///
    /// What goes is the value of a setting by such a name: after `=` up to the next space, after `:` to the end of the
    /// line, between quotes all of it, and the lines of a YAML block; the word after an option `--name`; a URL's part
    /// before its `@`; what follows `Authorization:`; the hash of a password as crypt(5) has it; and the token of a
    /// discovery URL.
    package static func shareable(_ text: String) -> String {
        var lines: [Substring] = []
        var block: Int?
        let blockStart = blockStart
        for line in redacted(text, note: removed).split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = line.prefix { $0 == " " }.count
            if let depth = block, indent > depth || line.allSatisfy(\.isWhitespace) { continue }
            block = line.contains(blockStart) ? indent : nil
            lines.append(line)
        }
        return withoutSecrets(lines).joined(separator: "\n")
    }

    private static let removed = "(removed)"

    /// A setting whose value is the lines below it.
    private static var blockStart: Regex<Substring> {
        #/
        (?i) (?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|access)[_-]?key|[_-](?:pass|pwd)(?![a-z]))
        [\w.-]* ["']? \s* : \s* [|>][-+0-9]* \s* $
        /#
    }

    private static func withoutSecrets(_ lines: [Substring]) -> [String] {
        // The name may stand in quotes that JSON in JSON escapes; what opens before it closes after the value.
        let quotedWhole =
            #/
            (?i) ((["'])[\w.-]*
              (?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|access)[_-]?key|[_-](?:pass|pwd)(?![a-z]))
              [\w.-]* =) (?:(?!\2).)*
            /#
        let assignment =
            #/
            (?i) ((?:[\w.-]*
              (?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|access)[_-]?key|[_-](?:pass|pwd)(?![a-z]))
              [\w.-]* | \bauth) \\*["']? \s* =\s*)
            (?: \\"(?:(?!\\").)* (?:\\"|$) | "(?:\\.|[^"\\])* (?:"|$) | '[^']* (?:'|$) | [^\s"']+ )
            /#
        let entry =
            #/
            (?i) ((?:[\w.-]*
              (?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|access)[_-]?key|[_-](?:pass|pwd)(?![a-z]))
              [\w.-]* | \bauth) \\*["']? \s* :\s*)
            (?: \\"(?:(?!\\").)* (?:\\"|$) | "(?:\\.|[^"\\])* (?:"|$) | '[^']* (?:'|$) | [^\s"'\\].* )
            /#
        let option =
            #/
            (?i) (--?[\w-]* (?:passw(?:or)?d|passphrase|secret|token|credential|api-?key) [\w-]* \s+)
            (?: "[^"]* (?:"|$) | '[^']* (?:'|$) | [^\s"',-]\S* )
            /#
        let header = #/(?i)(authorization\\*["']?\s*[:=]).*/#
        let user = #/([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^\/\s@"']+@/#
        let hash = #/\$(?:1|2[abxy]?|5|6|7|y|gy)\$[^\s"',:]+/#
        let discovery = #/(?i)(discovery\S*/)[0-9a-f]{32}/#
        return lines.map { line in
            String(line)
                .replacing(header) { "\($0.output.1) \(removed)" }
                .replacing(quotedWhole) { "\($0.output.1)\(removed)" }
                .replacing(assignment) { "\($0.output.1)\(removed)" }
                .replacing(entry) { "\($0.output.1)\(removed)" }
                .replacing(option) { "\($0.output.1)\(removed)" }
                .replacing(user) { "\($0.output.1)\(removed)@" }
                .replacing(hash) { _ in removed }
                .replacing(discovery) { "\($0.output.1)\(removed)" }
        }
    }

    /// Puts one line in the place of every private key, of whatever kind, that the text has in PEM.
    ///
    /// - Parameter note: that line.
    package static func redacted(
        _ text: String,
        note: String = "(a private key; --secrets shows it)",
    ) -> String {
        var lines: [Substring] = []
        var isWithin = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if isWithin {
                isWithin = !(line.contains("-----END ") && line.contains("PRIVATE KEY-----"))
            } else if line.contains("-----BEGIN "), line.contains("PRIVATE KEY-----") {
                lines.append(line.prefix { $0 == " " } + note)
                isWithin = !line.contains("-----END ")
            } else {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }
}
