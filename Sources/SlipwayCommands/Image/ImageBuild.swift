import ArgumentParser
import Planning
import Provisioning
import Reporting

struct ImageBuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make the node image, unless it is there.",
        discussion: "The Debian root takes a minute or two, once; a change to a node program makes only its layer anew.",
    )

    @OptionGroup var output: JSONOption

    struct Payload: Encodable {
        var root: String
        var layer: String
        var rootPath: String
        var layerPath: String
        var built: Bool
    }

    func run() async throws {
        let images = try StoredImages(home: Session.home)
        let digests = try images.current()
        let present = images.isPresent(digests)
        let clock = ContinuousClock()
        let begin = clock.now
        let paths = try await Interrupt.guarding(advice: "Stopped; nothing half made is kept.") {
            try await images.ensure(digests) { Output.note($0) }
        }
        if output.json {
            let payload = Payload(
                root: digests.root,
                layer: digests.layer,
                rootPath: paths.root,
                layerPath: paths.layer,
                built: !present,
            )
            try Output.json(payload)
        } else {
            let how = present ? "is there already" : "made in \(Format.duration(clock.now - begin))"
            Output.print("Image \(digests.root.prefix(12))/\(digests.layer.prefix(12)) \(how).")
        }
    }
}
