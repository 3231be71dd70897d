import Basics

/// The records of what was applied, one for each source of user-data, and what it took the place of.
struct ManifestStore {
    private static let directory = "/var/lib/coreos-cloudinit"

    let files: NodeFiles
    private let name: String

    /// - Parameter source: where the user-data is from.
    init(_ files: NodeFiles, source: String) {
        self.files = files
        name = FNV1a.digits(of: Array(source.utf8))
    }

    private var applied: String { "\(Self.directory)/applied" }

    /// The record of this source; nil where there is none.
    ///
    /// - Throws: for one that cannot be read: what is not read is not taken back.
    func read() throws(NodeSetupError) -> AppliedManifest? { try read(name) }

    /// Returns what was applied for other sources.
    func others() throws(NodeSetupError) -> AppliedManifest {
        var items: Set<AppliedManifest.Item> = []
        for other in files.names(in: applied) where other != name && !other.hasPrefix(".") {
            items.formUnion(try read(other)?.items ?? [])
        }
        return AppliedManifest(items)
    }

    private func read(_ name: String) throws(NodeSetupError) -> AppliedManifest? {
        guard let text = try files.readText("\(applied)/\(name)") else { return nil }
        guard let manifest = AppliedManifest(text: text) else {
            throw NodeSetupError(
                .file,
                "\(applied)/\(name) is of another version: what it records is not taken back"
            )
        }
        return manifest
    }

    func write(_ manifest: AppliedManifest) throws(NodeSetupError) {
        try files.write("\(applied)/\(name)", Array(manifest.text.utf8), mode: 0o600, isDurable: true)
    }

    // MARK: What was there before

    private func original(of path: String) -> String {
        "\(Self.directory)/originals/\(FNV1a.digits(of: Array(path.utf8)))"
    }

    /// Keeps a file that another is about to take the place of.
    func keepOriginal(of path: String) throws(NodeSetupError) {
        let kept = original(of: path)
        guard !files.exists(kept), let status = files.regularFile(path),
            let content = try files.read(path)
        else { return }
        try files.write(kept, content, owner: status.owner, mode: status.mode, isDurable: true)
    }

    /// Puts back what was there before.
    ///
    /// - Returns: false where there was nothing.
    func putBackOriginal(of path: String) throws(NodeSetupError) -> Bool {
        let kept = original(of: path)
        guard let status = files.regularFile(kept), let content = try files.read(kept) else {
            return false
        }
        try files.write(path, content, owner: status.owner, mode: status.mode)
        try files.remove(kept)
        return true
    }
}
