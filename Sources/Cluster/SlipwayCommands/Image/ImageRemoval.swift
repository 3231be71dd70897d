import Images
import Terminal

/// Something of images that a command removes.
struct ImageRemoval: Encodable, Hashable {
    /// `root`, `layer`, `disk`, `foreign`, `volume` of libvirt's pool, or `name` of an image from elsewhere.
    var kind: String
    /// Digest, or name.
    var name: String
    /// Room that it takes; nil where that is not known.
    var bytes: Int64?

    /// In a few words.
    var text: String {
        let short = ["volume", "name"].contains(kind) ? name : String(name.prefix(16))
        return "\(kind) \(short)" + (bytes.map { " (\(Format.bytes($0)))" } ?? "")
    }

    init(kind: String, name: String, bytes: Int64? = nil) {
        (self.kind, self.name, self.bytes) = (kind, name, bytes)
    }

    init(_ image: StoredImage) {
        self.init(kind: image.kind.rawValue, name: image.digest, bytes: Int64(image.size))
    }

    init(_ image: ForeignImage) {
        self.init(kind: "foreign", name: image.digest, bytes: Int64(clamping: image.size))
    }

    /// What was removed, as a program reads it.
    struct Payload: Encodable {
        var removed: [ImageRemoval]
    }

    /// Shows what goes, and asks.
    static func confirm(_ doomed: [ImageRemoval], _ confirm: ConfirmOption) async throws {
        guard !doomed.isEmpty, !confirm.yes else { return }
        let lines = doomed.map { "  - \($0.text)" }.joined(separator: "\n")
        guard try await Question.isConfirmed("This removes:\n\(lines)") else {
            Output.note("Nothing was removed.")
            throw ToldFailure("Nothing was removed.")
        }
    }

    /// Tells what was removed.
    static func tell(_ removed: [ImageRemoval], _ output: JSONOption) throws {
        if output.json { return try Output.json(Payload(removed: removed)) }
        for one in removed { Output.print("Removed \(one.text).") }
        if removed.isEmpty { Output.print("Nothing to remove.") }
    }
}
