/// The last lines of a terminal, which are written over and over while things go on.
package struct LiveArea: Sendable {
    private var drawn = 0

    package init() {}

    /// What to write so that `lasting` lines stay on the screen above, and `live` lines replace those drawn before.
    package mutating func update(lasting: [String], live: [String]) -> String {
        // To the first column, up over what was drawn, and clear to the end of the screen.
        var text = drawn > 0 ? "\r\u{1B}[\(drawn)A\u{1B}[J" : ""
        for line in lasting + live { text += line + "\n" }
        drawn = live.count
        return text
    }

    /// What to write at the end, or before something else writes: the live lines are gone.
    package mutating func clear() -> String { update(lasting: [], live: []) }
}
