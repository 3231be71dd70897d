import ArgumentParser
import FoundationEssentials
import Images
import Planning
import Provisioning
import Terminal
import Workspace

struct ImagePrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove images that no node uses, here and in libvirt's storage pool.",
        discussion: """
            What nodes may go back to by `rollback` or a snapshot counts as used. What the next `up` would use stays on this host, and \
            so do images from elsewhere that have a name; half downloads go. In the pool everything goes that no node's disk lies on and no domain names, and what \
            uploads that died left; `up` copies it there again when it is wanted.
            """,
    )

    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let workspace = try await HostWorkspace.open(connect.uri)
        let lock = try workspace.lockImages(purpose: "slipway image prune")
        defer { withExtendedLifetime(lock) {} }
        let volumes = try await workspace.provider.pruneVolumes()
        for volume in volumes { Output.print("Removed volume \(volume).") }
        // Nodes outside the sandbox use the same store, and cannot be seen from inside.
        if ProcessInfo.processInfo.environment["SLIPWAY_IN_SANDBOX"] != nil {
            Output.note("This host's own images are not looked at from inside the sandbox.")
            return volumes.isEmpty ? Output.print("Nothing to remove.") : ()
        }
        let removed = try await workspace.images.store.prune(keeping: try await used(workspace))
        for image in removed {
            let size = Format.bytes(Int64(image.size))
            Output.print("Removed \(image.kind.rawValue) \(image.digest.prefix(16)) (\(size)).")
        }
        let foreign = try await workspace.images.foreign.prune(keeping: try await used(workspace))
        for image in foreign {
            Output.print("Removed foreign \(image.digest.prefix(16)) (\(Format.bytes(Int64(clamping: image.size)))).")
        }
        if volumes.isEmpty, removed.isEmpty, foreign.isEmpty { Output.print("Nothing to remove.") }
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
