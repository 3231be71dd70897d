import ArgumentParser
import Images
import Planning
import Provisioning

struct ImageRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove parts of images; refused while a node uses them.",
    )

    @Argument(help: ArgumentHelp("Digests, or their first characters.", valueName: "digest"))
    var digests: [String]
    @OptionGroup var connect: ConnectOptions

    func run() async throws {
        let session = try await Session.open(connect)
        let nodes = try await session.provider.observe().nodes
        for prefix in digests {
            let image = try session.images.store.find(prefix: prefix)
            let users = nodes.filter { $0.image?.root == image.digest || $0.image?.layer == image.digest }
            guard users.isEmpty else {
                let names = users.map(\.domainName).joined(separator: ", ")
                throw UserError("\(image.kind.rawValue) \(image.digest.prefix(16)) is in use by \(names)")
            }
            try await session.images.store.remove(image.kind, digest: image.digest)
            Output.print("Removed \(image.kind.rawValue) \(image.digest.prefix(16)).")
        }
    }
}
