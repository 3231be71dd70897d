import Basics

extension CloudConfig {
    /// A file to write.
    package struct File: Sendable, Hashable {
        /// Absolute path on the node.
        package var path: String
        /// As written in the config: ``encoding`` says what to do with it.
        package var content: String
        /// Encoding of `content`; nil for plain text.
        package var encoding: FileEncoding?
        /// `user`, `user:group` or `:group`, by name or number; root when nil.
        package var owner: String?
        /// Octal digits, as written; 0644 when nil.
        package var permissions: String?

        package init(
            path: String = "",
            content: String = "",
            encoding: FileEncoding? = nil,
            owner: String? = nil,
            permissions: String? = nil,
        ) {
            self.path = path
            self.content = content
            self.encoding = encoding
            self.owner = owner
            self.permissions = permissions
        }

        /// The mode with set-user-ID, set-group-ID and sticky bits.
        package var mode: UInt32 { permissions.flatMap { UInt32($0, radix: 8) } ?? 0o644 }

        /// The bytes of the file.
        package func decoded() throws(PackingError) -> [UInt8] {
            var bytes = Array(content.utf8)
            if let encoding, encoding.isBase64 { bytes = try Base64.unpack(bytes) }
            if let encoding, encoding.isGzip { bytes = try Gzip.decompress(bytes) }
            return bytes
        }
    }

    /// Encoding of a file's content; the pairs are synonyms.
    package enum FileEncoding: String, Sendable, Hashable, CaseIterable {
        case base64, b64
        case gz, gzip
        case gzBase64 = "gz+base64"
        case gzipBase64 = "gzip+base64"
        case gzB64 = "gz+b64"
        case gzipB64 = "gzip+b64"

        /// True when the content is base64, compressed or not.
        package var isBase64: Bool { self != .gz && self != .gzip }
        /// True when the content is compressed by gzip.
        package var isGzip: Bool { self != .base64 && self != .b64 }
    }
}

extension CloudConfig.File: KeyedStruct {
    package static var empty: Self { Self() }

    package static let fields: [Field<Self>] = [
        Field("path", .text(\.path)),
        Field("owner", .string(\.owner)),
        Field("permissions", .string(\.permissions), validity: .octalMode),
        Field("encoding", .string(\.encodingName), validity: .oneOf(CloudConfig.FileEncoding.names)),
        Field("content", .text(\.content)),
    ]

    private var encodingName: String? {
        get { encoding?.rawValue }
        set { encoding = newValue.flatMap(CloudConfig.FileEncoding.init(rawValue:)) }
    }
}

extension CloudConfig.FileEncoding {
    /// Names as YAML has them.
    package static var names: [String] { allCases.map(\.rawValue) }
}
