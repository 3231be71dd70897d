import ArgumentParser

struct UnitUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Give running units a new text, one after the other, and take it back if one fails.",
        discussion: """
            Reads the unit's file, or for a template (web@.service) its template's, and gives the text to the unit or to \
            every instance of the template, by name, each when the one before has been active for a while. When one \
            fails, keeps being restarted or is not active in time, all get the text from before back, and update \
            ends with 1. fleet goes on with it also when fleetctl is interrupted.

            Example: fleetctl update web@.service --settle 10
            """,
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var block: BlockOptions

    @Option(help: "For how many seconds a unit must be active before the next one's turn comes.")
    var settle = 3

    @Option(help: "How many seconds a unit may take until then.")
    var timeout = 60

    @Flag(help: "Give the texts from before an update that is under way back.")
    var abort = false

    @Argument(help: "The file of a unit or of a template.")
    var unit: String

    func run() async throws {
        let (unit, abort, wait) = (unit, abort, block.policy)
        let gate = ClusterOperations.Gate(settleSeconds: settle, timeoutSeconds: timeout)
        try await Session.run(global) { context in
            let operations = ClusterOperations(context, wait: wait)
            return try await abort ? operations.abortUpdate(unit) : operations.update(unit, gate)
        }
    }
}
