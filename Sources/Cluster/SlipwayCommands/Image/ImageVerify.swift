import ArgumentParser
import Images
import Workspace

struct ImageVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read images from elsewhere again, and compare them with the digests they are known by.",
    )

    @Argument(help: ArgumentHelp("Names or digests; all of them where none is given.", valueName: "image"))
    var images: [String] = []

    func run() async throws {
        let store = try StoredImages(home: SlipwayHome.prepared()).foreign
        let wanted = try images.map { text in
            guard let image = try store.find(text) else {
                throw UserError("there is no image '\(text)' from elsewhere; see: slipway image list")
            }
            return image
        }
        let all = images.isEmpty ? store.list() : wanted
        guard !all.isEmpty else {
            return Output.print("There is no image from elsewhere. Bring one: slipway image add")
        }
        var isWhole = true
        for image in all {
            let name = image.names.first ?? String(image.digest.prefix(16))
            do {
                try store.verify(image)
                Output.print("\(name) is whole (\(image.digest.prefix(16))).")
            } catch {
                isWhole = false
                Output.note("\(name): \(error)")
            }
        }
        guard isWhole else { throw ExitCode.failure }
    }
}
