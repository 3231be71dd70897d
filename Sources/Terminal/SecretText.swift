/// Text without the private keys in it.
package enum SecretText {
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
