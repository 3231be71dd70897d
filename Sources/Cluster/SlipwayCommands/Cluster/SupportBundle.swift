import Backups
import Basics
import FoundationEssentials
import Terminal

/// Files of a bug report, from which secrets are taken out as they come in.
struct SupportBundle {
    let cluster: String
    private(set) var files: [(name: String, text: String)] = []

    init(cluster: String) {
        self.cluster = cluster
    }

    /// Takes in a text; a secret that ``SecretText/shareable(_:)`` knows does not reach the archive.
    mutating func add(_ name: String, _ text: String) {
        files.append(("\(cluster)/\(name)", SecretText.shareable(text)))
    }

    /// Writes the archive as a whole, readable by this user alone.
    func write(to path: String) throws {
        let time = Int64(Date().timeIntervalSince1970)
        let pieces = TarArchive.pieces(of: files.map { ($0.name, Data($0.text.utf8)) }, time: time)
        try AtomicFile.write(pieces.flatMap { Array($0) }, to: path, mode: 0o600)
    }
}
