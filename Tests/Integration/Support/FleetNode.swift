/// A node from which fleetctl is used.
struct FleetNode: Sendable {
    let cluster: TestCluster
    let node: String
    /// Machine IDs by node name.
    let machines: [String: String]

    /// Runs fleetctl where the unit files are.
    @discardableResult
    func ctl(_ arguments: String) async throws -> Ran {
        try await cluster.exec(node, "cd /tmp && fleetctl \(arguments)")
    }

    /// Writes the file of a unit that sleeps.
    func put(_ unit: String, _ fleet: String) async throws {
        try await cluster.put(Units.sleeper(fleet), "/tmp/\(unit)", on: node)
    }

    func start(_ unit: String, _ fleet: String) async throws {
        try await put(unit, fleet)
        try await ctl("start \(unit)").expecting(0)
    }

    /// The nodes on which a unit is active, waiting a little for all `count` of them.
    func machines(of unit: String, count: Int = 1) async throws -> [String] {
        let list = "fleetctl list-units --no-legend --full --fields=unit,machine,active"
        let script = """
            for i in $(seq 50); do
                found=$(\(list) | awk '$1 == "\(unit)" && $3 == "active" {print $2}')
                [ $(echo "$found" | grep -c .) -lt \(count) ] || break
                sleep 0.1
            done
            echo "$found"
            """
        let lines = try await cluster.output(node, script).split(separator: "\n")
        return lines.map { line in machines.first { line.hasPrefix($0.value) }?.key ?? String(line) }.sorted()
    }

    /// The nodes on which instances of a template are active.
    func machines(ofInstances numbers: ClosedRange<Int>, of template: String) async throws -> [String] {
        try await numbers.asyncMap { try await machines(of: "\(template)@\($0).service") }.flatMap { $0 }
    }

    /// The unit's line in `list-unit-files`.
    func fileState(_ unit: String) async throws -> String {
        let listed = try await ctl("list-unit-files --no-legend --fields=unit,dstate,state").expecting(0).output
        return listed.split(separator: "\n").first { $0.hasPrefix(unit) }.map(String.init) ?? "not listed: \(listed)"
    }
}

extension Sequence {
    func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
