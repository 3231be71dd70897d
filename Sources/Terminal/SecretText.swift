/// Text without the secrets in it.
package enum SecretText {
    /// Takes the private keys out, and what looks like a password, a token or the hash of one: for texts that go to
    /// others.
    ///
    /// What goes is the value of a setting by such a name in whatever form (`NAME=value`, `"name": "value"`,
    /// `--name value`), a URL's part before its `@`, what follows `Authorization:`, the hash of a password as crypt(5)
    /// has it, and the token of a discovery URL.
    package static func shareable(_ text: String) -> String {
        let removed = "(removed)"
        let setting =
            #/
            (?i) ([\w.-]* (?: passw(?:or)?d | passphrase | secret | token | credential | (?:api|access)[_-]?key) [\w.-]*
              ["']? \s* [:=] \s* ["']?) [^\s"',]+
            /#
        let option =
            #/
            (?i) (--? [\w-]* (?: passw(?:or)?d | passphrase | secret | token | credential | api-?key) [\w-]* \s+ ["']?)
            [^\s"',-] [^\s"',]*
            /#
        let header = #/(?i)(authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|token)\s+)?)[^\s"',]+/#
        let user = #/([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^\/\s@"']+@/#
        let hash = #/\$(?:1|2[abxy]?|5|6|7|y|gy)\$[^\s"',:]+/#
        let discovery = #/(discovery[A-Za-z0-9.:-]*/)[0-9a-fA-F]{32}/#
        let lines = redacted(text).split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(line)
                .replacing(header) { "\($0.output.1)\(removed)" }
                .replacing(setting) { "\($0.output.1)\(removed)" }
                .replacing(option) { "\($0.output.1)\(removed)" }
                .replacing(user) { "\($0.output.1)\(removed)@" }
                .replacing(hash) { _ in removed }
                .replacing(discovery) { "\($0.output.1)\(removed)" }
        }
        return lines.joined(separator: "\n")
    }

    /// Puts one line in the place of every private key, of whatever kind, that the text has in PEM.
    package static func redacted(_ text: String) -> String {
        var lines: [Substring] = []
        var isWithin = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if isWithin {
                isWithin = !(line.contains("-----END ") && line.contains("PRIVATE KEY-----"))
            } else if line.contains("-----BEGIN "), line.contains("PRIVATE KEY-----") {
                lines.append(line.prefix { $0 == " " } + "(a private key; --secrets shows it)")
                isWithin = !line.contains("-----END ")
            } else {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }
}
