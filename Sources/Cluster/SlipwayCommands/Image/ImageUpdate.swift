import ArgumentParser
import Images
import Provisioning
import Terminal
import TopologyModel
import Workspace

struct ImageUpdate: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Make a root of today's packages, beside those that there are.",
        discussion: """
            The same recipe with the versions of packages that Debian has now. Its version is the day and the first \
            digits of a digest of the recipe and all packages; where no package has changed, nothing is kept. Clusters \
            that exist stay with their root: `slipway image diff` says what would change, `slipway upgrade` changes it. \
            Clusters that are made from now on get the new one. The root of virtual machines is not part of this.
            """,
    )

    @OptionGroup var output: JSONOption

    struct Payload: Encodable {
        var version: String
        var digest: String
        var path: String
        var isNew: Bool
        /// What changes from the newest root there was before; nil where there was none.
        var changes: RootDifference?
    }

    func run() async throws {
        let images = try StoredImages(home: SlipwayHome.prepared())
        let before = try images.rootVersions().last
        let (version, isNew) = try await Interrupt.guarding(advice: "Stopped; nothing half made is kept.") {
            try await images.store.updateRoot(images.recipe) { Output.note($0.words) }
        }
        let new = try images.store.record(ofRoot: version.digest)
        let changes = try before.map { RootDifference(from: try images.store.record(ofRoot: $0.digest), to: new) }
        if output.json {
            let path = images.store.path(of: .root, digest: version.digest)
            return try Output.json(
                Payload(version: version.name, digest: version.digest, path: path, isNew: isNew, changes: changes)
            )
        }
        guard isNew else { return Output.print("No package has changed since root \(version.name).") }
        Output.print("Root \(version.name) is made.")
        guard let before, let changes else { return }
        let fixes = changes.changes.count { $0.isSecurityFix }
        let known = changes.knowsFixes ? ", \(Format.count(fixes, "security fix"))" : ""
        Output.print(
            "Since \(before.name): \(Format.count(changes.changes.count, "package")) changed\(known). "
                + "See: slipway image diff \(before.name) \(version.name)"
        )
    }
}
