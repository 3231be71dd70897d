import Basics
import CloudConfig
import LocatedYAML

/// Kind of user-data, recognised by its first bytes.
package enum UserDataKind: Sendable, Hashable {
    case empty
    case cloudConfig
    /// `#!`: run as it is.
    case script
    /// Packed: to be unpacked and examined again.
    case gzip
    /// For the initial RAM disk's Ignition, not for us.
    case ignition
    case unknown

    /// Recognizes the kind by the first bytes and the first line.
    package init(_ bytes: [UInt8]) {
        if bytes.isEmpty {
            self = .empty
        } else if Gzip.isGzip(bytes) {
            self = .gzip
        } else if bytes.starts(with: "#!".utf8) {
            self = .script
        } else if Self.isCloudConfig(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)) {
            self = .cloudConfig
        } else {
            self = Self.isIgnition(bytes) ? .ignition : .unknown
        }
    }

    /// Returns whether the first line is the header, followed by white space only. Windows' editors put a byte order
    /// mark before it.
    package static func isCloudConfig(_ text: String) -> Bool {
        let line = text.drop { $0 == "\u{FEFF}" }.prefix { $0 != "\n" && $0 != "\r\n" }
        return line.trimmingSuffix(while: \.isWhitespace) == CloudConfigRenderer.header
    }

    /// JSON is YAML, near enough to find the version in it.
    private static func isIgnition(_ bytes: [UInt8]) -> Bool {
        guard bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "{"),
            let root = YAMLDocument(parsing: bytes, file: "user-data").root
        else { return false }
        let version = root["ignition"]?["version"]?.scalar
        return root["ignitionVersion"]?.asInt(.core) != nil || version?.style == .doubleQuoted
    }
}
