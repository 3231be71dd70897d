import ArgumentParser
import Images
import Planning
import Provisioning
import TopologyModel
import Workspace

struct ImageRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove images or parts of them; refused while a node uses them.",
        discussion: """
            A root that a node may go back to by `rollback`, or by a snapshot, is in use, too. An image from elsewhere that has other names \
            loses the name given only.
            """,
    )

    @Argument(help: ArgumentHelp("Names, versions, digests, or a digest's first characters.", valueName: "image"))
    var digests: [String]
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let workspace = try await HostWorkspace.open(connect.uri)
        let lock = try workspace.lockImages(purpose: "slipway image rm")
        defer { withExtendedLifetime(lock) {} }
        let here = try await workspace.provider.nodesOfThisHost()
        let nodes = try await workspace.provider.observe().nodes + here
        let snapshots = try await workspace.provider.snapshots()
        for prefix in digests {
            if let image = try workspace.images.foreign.find(prefix) {
                try await remove(image, called: prefix, workspace, nodes: nodes)
                continue
            }
            let version = try workspace.images.rootVersions().last { $0.isMeant(by: prefix) }
            let image = try workspace.images.store.find(prefix: version?.digest ?? prefix)
            let users = nodes.filter { node in node.images.contains { [$0.root, $0.layer].contains(image.digest) } }
            guard users.isEmpty else {
                throw UserError("\(image.kind.rawValue) \(image.digest.prefix(16)) is in use by \(names(users))")
            }
            let keepers = snapshots.filter { snapshot in
                snapshot.images.contains { [$0.root, $0.layer].contains(image.digest) }
            }
            guard keepers.isEmpty else {
                let names = keepers.map { "'\($0.name)' of \($0.cluster)" }.joined(separator: ", ")
                throw UserError(
                    "\(image.kind.rawValue) \(image.digest.prefix(16)) is in use by snapshots: \(names)"
                )
            }
            try await workspace.images.store.remove(image.kind, digest: image.digest)
            Output.print("Removed \(image.kind.rawValue) \(image.digest.prefix(16)).")
        }
    }

    /// Each once: a node of this host may be seen in two ways.
    private func names(_ nodes: [ObservedNode]) -> String {
        Set(nodes.map(\.domainName)).sorted().joined(separator: ", ")
    }

    private func remove(
        _ image: ForeignImage,
        called text: String,
        _ workspace: HostWorkspace,
        nodes: [ObservedNode],
    ) async throws {
        let store = workspace.images.foreign
        if image.names.contains(text), image.names.count > 1 {
            _ = try await store.remove(name: text)
            let others = image.names.filter { $0 != text }.joined(separator: ", ")
            return Output.print("Removed the name \(text); its disk is still \(others).")
        }
        let users = nodes.filter { $0.image.map { image.isKnown(by: [$0.root]) } ?? false }
        guard users.isEmpty else { throw UserError("\(text) is in use by \(names(users))") }
        try await store.remove(digest: image.digest)
        Output.print("Removed \(text) (\(image.digest.prefix(16))).")
    }
}
