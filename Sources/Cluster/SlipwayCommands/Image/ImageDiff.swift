import ArgumentParser
import Images
import Terminal
import TopologyModel
import Workspace

struct ImageDiff: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "List the packages that differ between two roots.",
        discussion: """
            A package is marked as a security fix where the second root has a version of it that was in Debian's \
            security archive when the root was made.
            """,
    )

    @Argument(help: "A version, as `image list` has it, its day, or a digest.")
    var first: String
    @Argument(help: ArgumentHelp("Another one; the newest where none is given.", valueName: "second"))
    var second: String?
    @OptionGroup var output: JSONOption

    func run() async throws {
        let images = try StoredImages(home: SlipwayHome.prepared())
        let versions = try images.rootVersions()
        guard let newest = versions.last else {
            throw UserError("there is no root on this host; make one: slipway image build")
        }
        let from = try RootVersion.only(first, of: versions)
        let to = try second.map { try RootVersion.only($0, of: versions) } ?? newest
        let difference = RootDifference(
            from: try images.store.record(ofRoot: from.digest),
            to: try images.store.record(ofRoot: to.digest),
        )
        if output.json { return try Output.json(difference) }
        Output.print(Self.text(difference, from: from, to: to, style: Output.style))
    }

    static func text(_ difference: RootDifference, from: RootVersion, to: RootVersion, style: Style) -> String {
        guard !difference.changes.isEmpty else { return "Roots \(from.name) and \(to.name) have the same packages.\n" }
        let table = Table(
            "PACKAGE",
            from.name,
            to.name,
            "",
            rows: difference.changes.map { change in
                [change.name, change.from ?? "-", change.to ?? "-", change.isSecurityFix ? "security" : ""]
            },
        )
        let unknown = "Which of them are security fixes is not known of root \(to.name).\n"
        return table.format(style: style) + (difference.knowsFixes ? "" : unknown)
    }
}

extension RootVersion {
    /// The version of this host that a text means.
    ///
    /// - Throws: where it means none, or several of which none is the newest of a day.
    static func only(_ text: String, of versions: [RootVersion]) throws(UserError) -> RootVersion {
        let meant = meant(by: text, among: versions)
        if let first = meant.first, meant.count == 1 { return first }
        let names = (meant.isEmpty ? versions : meant).sorted(by: >).map(\.name).joined(separator: ", ")
        let advice = names.isEmpty ? "make one: slipway image update" : "there are: \(names)"
        throw UserError("root '\(text)' is \(meant.isEmpty ? "not on this host" : "several of this host"); \(advice)")
    }
}
