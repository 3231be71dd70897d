import ArgumentParser
import FoundationEssentials
import Images
import Planning
import Provisioning
import Workspace

struct ImagePrune: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove images that no node uses, here and in libvirt's storage pool, after asking.",
        discussion: """
            What nodes may go back to by `rollback` or a snapshot counts as used. What the next `up` would use stays on this host, and \
            so do images from elsewhere that have a name; half downloads go. In the pool everything goes that no node's disk lies on and no domain names, and what \
            uploads that died left; `up` copies it there again when it is wanted.
            """,
    )

    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func run() async throws {
        let workspace = try await HostWorkspace.open(connect.uri)
        let lock = try workspace.lockImages(purpose: "slipway image prune")
        defer { withExtendedLifetime(lock) {} }
        // Nodes outside the sandbox use the same store, and cannot be seen from inside.
        let hasOwn = ProcessInfo.processInfo.environment["SLIPWAY_IN_SANDBOX"] == nil
        if !hasOwn { Output.note("This host's own images are not looked at from inside the sandbox.") }
        var doomed = try await volumes(workspace, isDry: true)
        if hasOwn {
            let used = try await used(workspace)
            doomed += try await workspace.images.store.unused(keeping: used).map { ImageRemoval($0) }
            doomed += workspace.images.foreign.unused(keeping: used).map { ImageRemoval($0) }
        }
        try await ImageRemoval.confirm(doomed, confirm)
        var removed = try await volumes(workspace, isDry: false)
        if hasOwn {
            // What has come into use since it was asked for stays.
            let used = try await used(workspace)
            removed += try await workspace.images.store.prune(keeping: used).map { ImageRemoval($0) }
            removed += try await workspace.images.foreign.prune(keeping: used).map { ImageRemoval($0) }
        }
        try ImageRemoval.tell(removed, output)
    }

    private func volumes(_ workspace: HostWorkspace, isDry: Bool) async throws -> [ImageRemoval] {
        try await workspace.provider.pruneVolumes(isDry: isDry).map { ImageRemoval(kind: "volume", name: $0) }
    }

    /// Digests of all that nodes run on, and of what they would get now.
    private func used(_ workspace: HostWorkspace) async throws -> Set<String> {
        let here = try await workspace.provider.nodesOfThisHost()
        var images = try await (workspace.provider.observe().nodes + here).flatMap(\.images)
        images += try await workspace.provider.snapshots().flatMap(\.images)
        images += [try workspace.images.current(), try workspace.images.currentMachine()]
        return Set(images.flatMap { [$0.root, $0.layer, ImageStore.diskDigest(ofLayer: $0.layer)] })
    }
}
