import ArgumentParser
import Images
import Workspace

struct ImageVerify: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read images from elsewhere again, and compare them with the digests they are known by.",
    )

    @Argument(help: ArgumentHelp("Names or digests; all of them where none is given.", valueName: "image"))
    var images: [String] = []

    @OptionGroup var output: JSONOption

    struct Row: Encodable {
        var digest: String
        var names: [String]
        var isWhole: Bool
        /// What is wrong with it; nil for nothing.
        var problem: String?
    }

    func run() async throws {
        let store = try StoredImages(home: SlipwayHome.prepared()).foreign
        let wanted = try images.map { text in
            guard let image = try store.find(text) else {
                throw UserError("there is no image '\(text)' from elsewhere; see: slipway image list")
            }
            return image
        }
        var rows: [Row] = []
        for image in images.isEmpty ? store.list() : wanted {
            var row = Row(digest: image.digest, names: image.names, isWhole: true)
            do { try store.verify(image) } catch { (row.isWhole, row.problem) = (false, "\(error)") }
            if !output.json { tell(row) }
            rows.append(row)
        }
        if output.json {
            try Output.json(rows)
        } else if rows.isEmpty {
            Output.print("There is no image from elsewhere. Bring one: slipway image add")
        }
        guard rows.allSatisfy(\.isWhole) else { throw ExitCode.failure }
    }

    private func tell(_ row: Row) {
        let name = row.names.first ?? String(row.digest.prefix(16))
        if let problem = row.problem {
            Output.note("\(name): \(problem)")
        } else {
            Output.print("\(name) is whole (\(row.digest.prefix(16))).")
        }
    }
}
