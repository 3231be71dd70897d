import ArgumentParser
import Images
import Planning
import Provisioning
import TopologyModel
import Workspace

struct ImageRemove: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove images or parts of them, after asking; refused while a node uses them.",
        discussion: """
            A root that a node may go back to by `rollback`, or by a snapshot, is in use, too. An image from elsewhere that has other names \
            loses the name given only.
            """,
    )

    @Argument(help: ArgumentHelp("Names, versions, digests, or a digest's first characters.", valueName: "image"))
    var digests: [String]
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    /// Something that was named, and may go.
    private enum Doomed {
        case stored(ImageKind, digest: String)
        case foreign(ForeignImage)
        case name(String)

        var removal: ImageRemoval {
            switch self {
            case .stored(let kind, let digest): ImageRemoval(kind: kind.rawValue, name: digest)
            case .foreign(let image): ImageRemoval(image)
            case .name(let name): ImageRemoval(kind: "name", name: name)
            }
        }
    }

    func run() async throws {
        let workspace = try await HostWorkspace.open(connect.uri)
        let lock = try workspace.lockImages(purpose: "slipway image rm")
        defer { withExtendedLifetime(lock) {} }
        let here = try await workspace.provider.nodesOfThisHost()
        let nodes = try await workspace.provider.observe().nodes + here
        let snapshots = try await workspace.provider.snapshots()
        // All that is named is looked at before any of it goes.
        let doomed = try digests.map { try find($0, workspace, nodes: nodes, snapshots: snapshots) }
        try await ImageRemoval.confirm(doomed.map(\.removal), confirm)
        for one in doomed {
            switch one {
            case .stored(let kind, let digest): try await workspace.images.store.remove(kind, digest: digest)
            case .foreign(let image): try await workspace.images.foreign.remove(digest: image.digest)
            case .name(let name): _ = try await workspace.images.foreign.remove(name: name)
            }
        }
        try ImageRemoval.tell(doomed.map(\.removal), output)
    }

    private func find(
        _ text: String,
        _ workspace: HostWorkspace,
        nodes: [ObservedNode],
        snapshots: [ClusterSnapshot],
    ) throws -> Doomed {
        if let image = try workspace.images.foreign.find(text) {
            if image.names.contains(text), image.names.count > 1 { return .name(text) }
            let users = nodes.filter { $0.image.map { image.isKnown(by: [$0.root]) } ?? false }
            guard users.isEmpty else { throw UserError("\(text) is in use by \(names(users))") }
            return .foreign(image)
        }
        let version = try workspace.images.rootVersions().last { $0.isMeant(by: text) }
        let image = try workspace.images.store.find(prefix: version?.digest ?? text)
        let users = nodes.filter { node in node.images.contains { [$0.root, $0.layer].contains(image.digest) } }
        guard users.isEmpty else {
            throw UserError("\(image.kind.rawValue) \(image.digest.prefix(16)) is in use by \(names(users))")
        }
        let keepers = snapshots.filter { snapshot in
            snapshot.images.contains { [$0.root, $0.layer].contains(image.digest) }
        }
        guard keepers.isEmpty else {
            let names = keepers.map { "'\($0.name)' of \($0.cluster)" }.joined(separator: ", ")
            throw UserError("\(image.kind.rawValue) \(image.digest.prefix(16)) is in use by snapshots: \(names)")
        }
        return .stored(image.kind, digest: image.digest)
    }

    /// Each once: a node of this host may be seen in two ways.
    private func names(_ nodes: [ObservedNode]) -> String {
        Set(nodes.map(\.domainName)).sorted().joined(separator: ", ")
    }
}
