import Testing

/// Words by which libraries and the language show in a text: nothing that people are told has one.
package enum LibraryWords {
    static let all = [
        "CodingKey", "DecodingError", "EncodingError", "NIO", "errno", "HTTPClient", "BoringSSL", "Swift.", "Optional(",
        "Foundation.", "NSCocoa", "NSURL", "NSPOSIX", "Error Domain=", "error set", "descriptor:", ".swift",
        "Subprocess",
        "CancellationError", "LibvirtError", "EtcdError", "Code(value",
    ]

    /// Records an issue for each of the words in a text.
    package static func expectNone(in text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        // Temporary files have names that nobody chose, which may hold anything.
        let told = text.replacing(/\/tmp\/[^\s:]*/, with: "")
        let found = all.filter { told.contains($0) }
        #expect(found == [], "a library shows: \(text)", sourceLocation: sourceLocation)
    }
}
