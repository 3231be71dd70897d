import ArgumentParser

/// Options for the layout of a list.
struct ListOptions: ParsableArguments {
    @Flag(name: [.long, .customShort("l")], help: "Show ids and hashes in full.")
    var full = false

    @Flag(help: "Leave out the header.")
    var noLegend = false

    @Flag(help: "Print JSON, in the shape of fleet's API.")
    var json = false

    func style(_ fields: String) -> ListStyle {
        ListStyle(fields: fields, isFull: full, hasLegend: !noLegend)
    }
}
