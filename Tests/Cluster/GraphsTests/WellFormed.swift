import Subprocess
import Testing

/// Expects a text to be a document of XML, as Python's parser reads it: Foundation's is not linked into the tests.
func expectXML(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let program = "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.stdin)"
    let result = try await run(
        .name("python3"),
        arguments: ["-c", program],
        input: .string(text),
        output: .discarded,
        error: .string(limit: 4096),
    )
    #expect(result.terminationStatus.isSuccess, "\(result.standardError)", sourceLocation: sourceLocation)
}
