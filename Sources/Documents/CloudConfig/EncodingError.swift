/// Why packed content cannot be unpacked.
package struct EncodingError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable { case base64, gzip, tooLarge }

    package var code: Code
    package var message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
