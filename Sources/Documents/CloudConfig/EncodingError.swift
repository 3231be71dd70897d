/// Why packed content cannot be unpacked.
package struct EncodingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kind of fault.
    package enum Code: Sendable, Hashable { case base64, gzip, tooLarge }

    /// Kind of fault, for programs.
    package var code: Code
    /// Description of the fault.
    package var message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
