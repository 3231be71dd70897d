#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Which page of a list: URL-safe base64 of two little-endian 16-bit numbers, limit and page.
package struct PageToken: Sendable, Equatable {
    package var limit: UInt16
    /// From 1 on.
    package var page: UInt16

    package init(limit: UInt16, page: UInt16) {
        self.limit = limit
        self.page = page
    }

    /// - Throws: status 400, with the original's words.
    init(_ text: String, limit required: UInt16) throws(APIError) {
        let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        guard let bytes = Data(base64Encoded: standard).map(Array.init) else {
            throw APIError(400, "illegal base64 data at input byte 0")
        }
        guard bytes.count >= 4 else { throw APIError(400, "unexpected EOF") }
        guard bytes.count == 4 else { throw APIError(400, "too many values for page token") }
        limit = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        page = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
        guard limit == required else { throw APIError(400, "token limit must be \(required)") }
        guard page > 0 else { throw APIError(400, "token page must be greater than zero") }
    }

    package var text: String {
        let bytes = [limit, page].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
        return String(Data(bytes).base64EncodedString().map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// A page of `all`. There is a next one also when this page is exactly full, as in the original.
    func cut<Item>(_ all: [Item]) -> (items: [Item], next: PageToken?) {
        let start = (Int(page) - 1) * Int(limit)
        guard start < all.count else { return ([], nil) }
        let stop = start + Int(limit)
        let next = stop <= all.count && page < .max ? PageToken(limit: limit, page: page + 1) : nil
        return (Array(all[start..<min(stop, all.count)]), next)
    }
}
