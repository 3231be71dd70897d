import TestKit
import Testing

@testable import Locksmith

/// The help of `locksmithd` and of every command of `locksmithctl`.
@Suite struct HelpTests {
    @Test func isAsItWas() throws {
        let pages = HelpPages.of(LocksmithCommand.self) + HelpPages.of(LocksmithdCommand.self)
        for page in pages { try Golden.expect(page.text, "help/\(page.file)") }
        try Golden.expectFiles(pages.map(\.file), in: "help")
    }
}
