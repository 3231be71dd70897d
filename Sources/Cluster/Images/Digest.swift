import Crypto

/// Digests in hexadecimal; SHA-256 where nothing else is said.
enum Digest {
    static func of(_ text: String) -> String {
        of(Array(text.utf8))
    }

    static func of(_ bytes: [UInt8]) -> String {
        hexadecimal(SHA256.hash(data: bytes))
    }

    static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
