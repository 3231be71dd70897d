import Basics

/// Reason why packed content cannot be unpacked.
package struct PackingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Kind of content that cannot be unpacked, or its excess of the size limit.
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

extension Base64 {
    /// Decodes content of a cloud-config.
    package static func unpack(_ text: some Sequence<UInt8>) throws(PackingError) -> [UInt8] {
        do {
            return try decode(text)
        } catch {
            throw PackingError(code: .base64, message: error.description)
        }
    }
}
