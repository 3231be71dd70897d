import Foundation

/// Scripts and lists of a test that uses fleet as a person at a node does.
extension FleetNode {
    /// Runs a script where the unit files are, and requires that it succeeds.
    ///
    /// - Returns: its output, without the last newline.
    @discardableResult
    func run(_ script: String) async throws -> String { try await cluster.output(node, "cd /tmp\n\(script)") }

    /// Writes files below `/tmp`.
    func put(_ files: [String: String]) async throws {
        let lines = files.sorted { $0.key < $1.key }.map { name, text in
            "mkdir -p $(dirname \(name)); echo \(Data(text.utf8).base64EncodedString()) | base64 -d >\(name)"
        }
        try await run(lines.joined(separator: "\n"))
    }

    /// The nodes on which each unit is active, as soon as that are `count` in all.
    func active(_ count: Int) async throws -> [String: [String]] {
        let script = """
            for i in $(seq 150); do
                fleetctl list-units --no-legend --full --fields=unit,active,machine | awk '$2 == "active" {print $1, $3}' >active
                [ $(wc -l <active) -ne \(count) ] || break
                sleep 0.1
            done
            cat active
            """
        var places: [String: [String]] = [:]
        for line in try await run(script).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let node = machines.first { words[1].hasPrefix($0.value) }?.key ?? words[1]
            places[words[0], default: []].append(node)
        }
        guard places.values.reduce(0, { $0 + $1.count }) == count else {
            throw Unexpected("\(count) units should be active, but these are: \(places)")
        }
        return places.mapValues { $0.sorted() }
    }
}
