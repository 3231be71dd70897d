import Fleetd
import Testing

struct PageTokenTests {
    @Test func isWhatTheOriginalWrote() {
        #expect(PageToken(limit: 100, page: 2).text == "ZAACAA==")
        #expect(PageToken(limit: 0xfffb, page: 0xffbf).text == "-_-__w==")
    }
}
