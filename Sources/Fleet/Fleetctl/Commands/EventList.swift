import ArgumentParser

struct EventList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Print what happens: machines that come and go, units that are placed, moved, started and fail.",
        discussion: """
            Without -f, prints the present state in the same form.
            Example: fleetctl events -f 'web@*'
            """,
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: [.long, .customShort("f")], help: "Print what happens from now on, until interrupted.")
    var follow = false

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Argument(help: "Only events of these units: names, or patterns with * ? [ ].", completion: .units)
    var units: [String] = []

    func run() async throws {
        let (units, follows, isJSON) = (units, follow, json)
        try await Session.run(global) { context in
            let events = EventOperations(context, isJSON: isJSON, units: units)
            if follows { try await events.follow() } else { try await events.tellPresent() }
            return 0
        }
    }
}
