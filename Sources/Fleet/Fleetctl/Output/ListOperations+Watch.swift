extension ListOperations {
    /// Shows the states of units, and again whenever they change, until `looks` readings have been made, or for ever:
    /// on a terminal in place, else as one list after another.
    func watchUnits(looks: Int = .max, isTerminal: Bool) async throws {
        var next = ChangeWaiter(context)
        await next.begin()
        var shown: String?
        var isSilent = false
        for look in 0..<looks {
            if look > 0 { try await next.wait() }
            do {
                let text = try await unitsText()
                if text != shown {
                    let gap = shown == nil ? "" : "\n"
                    context.console.emit((isTerminal ? Self.clearScreen : gap) + text)
                }
                (shown, isSilent) = (text, false)
            } catch let error as FleetctlError where shown != nil {
                // What is on the screen stays there; the next look may succeed.
                if !isSilent { context.console.err("\(error); asking again") }
                isSilent = true
            }
        }
    }

    private static let clearScreen = "\u{1B}[H\u{1B}[2J"
}
