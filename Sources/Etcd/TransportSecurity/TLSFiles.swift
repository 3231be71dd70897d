import Basics

/// The PEM files of one side of TLS, by the settings that name them.
package struct TLSFiles: Sendable, Hashable {
    /// One of the files.
    package struct File: Sendable, Hashable {
        /// Name of the setting, for errors.
        package let setting: String
        /// Nil where the setting names none.
        package var path: String?

        /// - Parameter path: as it is set; an empty one is none.
        package init(_ setting: String, _ path: String?) {
            self.setting = setting
            self.path = path?.isEmpty == true ? nil : path
        }
    }

    /// Certificates of the authorities that are trusted.
    package var authority: File
    /// The side's own certificate, and what leads from it to its authority.
    package var certificate: File
    /// Key of the certificate.
    package var key: File

    package init(authority: File, certificate: File, key: File) {
        (self.authority, self.certificate, self.key) = (authority, certificate, key)
    }

    private var all: [File] { [authority, certificate, key] }

    /// Paths of the files that are named.
    package var paths: [String] { all.compactMap(\.path) }

    /// Reads a client's files where the server asks for a certificate; nil where none is named.
    ///
    /// - Throws: ``TLSError`` also where only some of the three are named.
    package func identity() throws(TLSError) -> TLSIdentity? {
        guard !paths.isEmpty else { return nil }
        try checkWhole()
        return try read(.client)
    }

    /// Reads the files; nil where none is named.
    ///
    /// - Throws: ``TLSError`` also for a certificate without its key, and for a server without both.
    package func identity(_ side: TLSIdentity.Side) throws(TLSError) -> TLSIdentity? {
        guard !paths.isEmpty else { return nil }
        guard (certificate.path == nil) == (key.path == nil), side != .server || key.path != nil else {
            let also = side == .server ? ", \(authority.setting) to both" : ""
            throw TLSError(.missing, "\(certificate.setting) and \(key.setting) belong together\(also)")
        }
        return try read(side)
    }

    /// Throws where only some of the three are named.
    package func checkWhole() throws(TLSError) {
        guard !paths.isEmpty, let missing = all.first(where: { $0.path == nil }) else { return }
        throw TLSError(.missing, "\(missing.setting) is missing beside the other two")
    }

    private func read(_ side: TLSIdentity.Side) throws(TLSError) -> TLSIdentity {
        try TLSIdentity(
            side,
            authority: Self.text(of: authority),
            certificate: Self.text(of: certificate),
            privateKey: Self.text(of: key),
        )
    }

    private static func text(of file: File) throws(TLSError) -> String? {
        guard let path = file.path else { return nil }
        do {
            if let text = try WholeFile.text(of: path) { return text }
        } catch {
            throw TLSError(.unreadable, "\(file.setting): cannot read \(path)", cause: error)
        }
        throw TLSError(.unreadable, "\(file.setting): there is no file \(path)")
    }
}
