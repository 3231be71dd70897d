import TestKit
import Testing

@testable import SlipwayCommands

/// The help of every command, as `slipway help COMMAND` prints it.
@Suite struct HelpTests {
    @Test func isAsItWas() throws {
        let pages = HelpPages.of(SlipwayCommand.self)
        for page in pages { try Golden.expect(page.text, "help/\(page.file)") }
        try Golden.expectFiles(pages.map(\.file), in: "help")
    }
}
