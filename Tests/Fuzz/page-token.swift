// instruments: Fleetd
import Basics

@testable import Fleetd

/// Any text as a page token: it is refused in words, or means a page, and is written again as the same token.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = fuzzedText(start, count)
    let items = Array(0..<250)
    do throws(APIError) {
        let token = try PageToken(PercentEncoding.decode(text[...]), limit: 100)
        promise(token.limit == 100 && token.page > 0, "a token that should have been refused")
        promise(try PageToken(token.text, limit: 100) == token, "a token is read as another one")
        let (page, next) = token.cut(items)
        promise(page.count <= 100, "a page is too long")
        promise(page.isEmpty || page[0] == (Int(token.page) - 1) * 100, "a page begins at the wrong place")
        promise((next != nil) == (page.count == 100), "a next page is announced wrongly")
    } catch {
        promise(error.status == 400 && !error.message.isEmpty, "a refusal without words")
    }
    return 0
}
