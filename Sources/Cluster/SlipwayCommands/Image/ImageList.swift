import ArgumentParser
import FoundationEssentials
import Images
import Planning
import Terminal
import Workspace

struct ImageList: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the parts of images on this host.",
    )

    @OptionGroup var output: JSONOption

    struct Row: Encodable {
        var kind: String
        var digest: String
        var size: Int
        var path: String
        var current: Bool
        /// The names of an image from elsewhere.
        var names: [String] = []
        var source: String?
    }

    func run() async throws {
        let images = try StoredImages(home: SlipwayHome.prepared())
        // Without node programs there is no current image; what is stored can be listed all the same.
        let current = try? images.current()
        var rows = try await images.store.list().map { image in
            Row(
                kind: image.kind.rawValue,
                digest: image.digest,
                size: image.size,
                path: image.path,
                current: image.digest == current?.root || image.digest == current?.layer,
            )
        }
        rows += images.foreign.list().map { image in
            Row(
                kind: "foreign",
                digest: image.digest,
                size: Int(clamping: image.size),
                path: images.foreign.disk(of: image.digest),
                current: false,
                names: image.names,
                source: image.source,
            )
        }
        if output.json { return try Output.json(rows) }
        guard !rows.isEmpty else { return Output.print("No images yet. Make one: slipway image build") }
        let table = Table(
            "KIND",
            "DIGEST",
            "SIZE",
            "CURRENT",
            "NAMES",
            rows: rows.map {
                [
                    $0.kind, String($0.digest.prefix(16)), Format.bytes(Int64($0.size)), $0.current ? "yes" : "",
                    $0.names.joined(separator: ", "),
                ]
            },
        )
        Output.print(table.format(style: Output.style))
    }
}
