import ArgumentParser
import FoundationEssentials
import Images
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct ImageList: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the parts of images on this host, and the nodes that run them.",
    )

    @OptionGroup var connect: ConnectOptions
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
        /// Version of a root of this slipway's recipe.
        var version: String?
        /// Nodes of this host that run it, as `cluster.node`.
        var usedBy: [String] = []
        /// Nodes of this host that may go back to it.
        var previousOf: [String] = []
    }

    func run() async throws {
        let images = try StoredImages(home: SlipwayHome.prepared())
        let versions = Dictionary(try images.rootVersions().map { ($0.digest, $0.name) }) { first, _ in first }
        let nodes = try await HostWorkspace.open(connect.uri).provider.nodesOfThisHost()
        // Without node programs there is no current image; what is stored can be listed all the same.
        let current = try? images.current()
        var rows = try await images.store.list().map { image in
            Row(
                kind: image.kind.rawValue,
                digest: image.digest,
                size: image.size,
                path: image.path,
                current: image.digest == current?.root || image.digest == current?.layer,
                version: versions[image.digest],
                usedBy: nodes.filter { [$0.image?.root, $0.image?.layer].contains(image.digest) }.map(\.domainName),
                previousOf: nodes.filter { $0.previousRoot == image.digest }.map(\.domainName),
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
            "VERSION",
            "NODES",
            "NAMES",
            rows: rows.map {
                [
                    $0.kind, String($0.digest.prefix(16)), Format.bytes(Int64($0.size)), $0.current ? "yes" : "",
                    $0.version ?? "", Self.users($0), $0.names.joined(separator: ", "),
                ]
            },
        )
        Output.print(table.format(style: Output.style))
    }

    /// Nodes in few words: those of a cluster are alike.
    private static func users(_ row: Row) -> String {
        func clusters(_ domains: [String]) -> [(name: String, count: Int)] {
            Dictionary(grouping: domains) { String($0.prefix { $0 != "." }) }
                .map { (name: $0.key, count: $0.value.count) }.sorted { $0.name < $1.name }
        }
        let users = clusters(row.usedBy).map { "\($0.count) of \($0.name)" }
        let others = clusters(row.previousOf).map { "\($0.count) of \($0.name) may go back" }
        return (users + others).joined(separator: ", ")
    }
}
