import CloudInit
import TestKit
import Testing

/// The help of `coreos-cloudinit`.
@Suite struct HelpTests {
    @Test func isAsItWas() throws {
        try Golden.expect(CloudInitOptions.usage, "help/coreos-cloudinit.txt")
    }
}
