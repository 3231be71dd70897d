import Scheduling
import UnitFiles

extension UnitOperations {
    /// Makes sure that fleet knows every unit: what it does not know is read from the unit's file, from the template
    /// fleet knows, or from the template's file.
    ///
    /// - Parameter goal: what the command wants of the units; says which of them may be replaced.
    /// - Returns: the names, in the order typed.
    /// - Throws: `FleetctlError`, before anything is created, when a unit is nowhere.
    package func submit(_ typed: [String], for goal: Job.TargetState = .inactive) async throws -> [String] {
        let sources = try typed.map { try UnitSource($0) }
        var created: [(name: String, file: UnitFile, desired: Job.TargetState?)] = []
        for source in sources {
            if let known = try await client.unit(source.name.full) {
                guard let file = try replacement(for: known, source, goal) else { continue }
                created.append((known.name, file, known.target))
            } else {
                created.append((source.name.full, try await newFile(for: source), nil))
            }
        }
        for unit in created { try await client.create(unit.name, unit.file, desired: unit.desired) }
        for unit in created where unit.desired == nil { try await waitUntilKnown(unit.name) }
        return sources.map(\.name.full)
    }

    /// What to put in the place of a unit that fleet knows: nil when it is the same, or is to be left.
    private func replacement(
        for known: APIUnit,
        _ source: UnitSource,
        _ goal: Job.TargetState,
    ) throws -> UnitFile? {
        guard let file = try source.load(context), file.hash != known.file.hash else { return nil }
        guard replaces else {
            console.err(
                "WARNING: unit \(known.name) in the cluster differs from the local file \(source.path); "
                    + "add --replace to put the file in its place"
            )
            return nil
        }
        guard known.target.rank <= goal.rank else {
            throw FleetctlError(
                .refused,
                "unit \(known.name) is \(known.target.rawValue) and cannot be replaced by a command that leaves it "
                    + "\(goal.rawValue); use fleetctl \(known.target.command) --replace",
            )
        }
        return file
    }

    private func newFile(for source: UnitSource) async throws -> UnitFile {
        if let file = try source.read(source.path, context) { return file }
        if let template = source.name.template, let known = try await client.unit(template.full) { return known.file }
        if let path = source.templatePath, let file = try source.read(path, context) { return file }
        let template = source.name.template.map { ", nor its template \($0)" } ?? ""
        throw FleetctlError(
            .notFound,
            "unit \(source.name) is not in the cluster, and there is no file \(source.path)\(template)",
        )
    }

    private func waitUntilKnown(_ name: String) async throws {
        guard wait.attempts > 0 else { return console.out("Triggered unit \(name) submit") }
        _ = try await settle(UnitWait(unit: name, target: .inactive))
        report(name, .inactive, on: nil, [])
    }
}

extension Job.TargetState {
    /// Inactive, loaded, launched: each more than the one before.
    var rank: Int {
        switch self {
        case .inactive: 0
        case .loaded: 1
        case .launched: 2
        }
    }

    /// The command that brings a unit there.
    var command: String {
        switch self {
        case .inactive: "submit"
        case .loaded: "load"
        case .launched: "start"
        }
    }
}
