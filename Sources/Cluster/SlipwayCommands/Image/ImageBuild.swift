import ArgumentParser
import Planning
import Provisioning
import Terminal
import Workspace

struct ImageBuild: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Make the node image, unless it is there.",
        discussion: "The Debian root takes a minute or two, once; a change to a node program makes only its layer anew.",
    )

    @Flag(help: "Also make the image of virtual machines: a disk of the same root, with a kernel.")
    var vm = false
    @OptionGroup var output: JSONOption

    struct Payload: Encodable {
        var root: String
        var layer: String
        var rootPath: String
        var layerPath: String
        /// The directory of the virtual machines' disk and kernel, where that was asked for.
        var machinePath: String?
        var built: Bool
    }

    func run() async throws {
        let images = try StoredImages(home: SlipwayHome.prepared())
        let digests = try images.current()
        let machine = vm ? try images.currentMachine() : nil
        let present = images.isPresent(digests) && (machine.map(images.isPresent) ?? true)
        let clock = ContinuousClock()
        let begin = clock.now
        let paths = try await Interrupt.guarding(advice: "Stopped; nothing half made is kept.") {
            if let machine { _ = try await images.ensure(machine) { Output.note($0) } }
            return try await images.ensure(digests) { Output.note($0) }
        }
        if output.json {
            let payload = Payload(
                root: digests.root,
                layer: digests.layer,
                rootPath: paths.root,
                layerPath: paths.layer,
                machinePath: machine.map { images.paths($0).root },
                built: !present,
            )
            try Output.json(payload)
        } else {
            let how = present ? "is there already" : "made in \(Format.duration(clock.now - begin))"
            Output.print("Image \(digests.root.prefix(12))/\(digests.layer.prefix(12)) \(how).")
        }
    }
}
