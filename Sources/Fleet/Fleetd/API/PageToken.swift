import Basics

/// Which page of a list: URL-safe base64 of two little-endian 16-bit numbers, limit and page.
package struct PageToken: Sendable, Equatable {
    /// Entries on a page.
    package var limit: UInt16
    /// From 1 on.
    package var page: UInt16

    package init(limit: UInt16, page: UInt16) {
        self.limit = limit
        self.page = page
    }

    /// - Throws: status 400, with the original's message.
    init(_ text: String, limit required: UInt16) throws(APIError) {
        let bytes = try Self.bytes(text)
        guard bytes.count >= 4 else { throw APIError(400, bytes.isEmpty ? "EOF" : "unexpected EOF") }
        // What follows the two numbers is not looked at.
        limit = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        page = UInt16(bytes[2]) | UInt16(bytes[3]) << 8
        guard limit == required else { throw APIError(400, "token limit must be \(required)") }
        guard page > 0 else { throw APIError(400, "token page must be greater than zero") }
    }

    private static func bytes(_ text: String) throws(APIError) -> [UInt8] {
        do throws(Base64URL.Corrupt) {
            return try Base64URL.decode(text)
        } catch {
            throw APIError(400, "illegal base64 data at input byte \(error.position)")
        }
    }

    /// Token as a client gets it.
    package var text: String {
        Base64.encode([limit, page].flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }, .urlSafe)
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
