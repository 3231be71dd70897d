import TestKit
import Testing

@testable import Fleetctl

/// The help of every command and topic, as `fleetctl help NAME` prints it.
@Suite struct HelpTests {
    @Test func isAsItWas() throws {
        let topics = HelpTopic.all.map { (file: "topic-\($0.name).txt", text: $0.text) }
        let pages = HelpPages.of(Fleetctl.self) + topics
        for page in pages { try Golden.expect(page.text, "help/\(page.file)") }
        try Golden.expectFiles(pages.map(\.file), in: "help")
    }
}
