/// Pages of documentation, for `fleetctl help TOPIC`.
package struct HelpTopic: Sendable {
    /// Name that `fleetctl help` takes.
    package let name: String
    /// Line in the list of topics.
    package let summary: String
    /// Text of the topic.
    package let text: String

    /// Topics in the order of the list.
    package static let all = [units, api, differences, settings]

    /// The page called `name`, or the only one whose name begins so.
    package static func named(_ name: String) -> HelpTopic? {
        if let exact = all.first(where: { $0.name == name }) { return exact }
        let matches = all.filter { $0.name.hasPrefix(name) }
        return matches.count == 1 ? matches.first : nil
    }

    /// The list of pages, for the end of the general help.
    static var list: String {
        all.map { "  " + $0.name.padded(to: 14) + $0.summary }.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
