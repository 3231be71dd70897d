import FleetAPI
import Scheduling
import UnitFiles

extension UnitOperations {
    /// Makes sure that fleet knows every unit: what it does not know is read from the unit's file, from the template
    /// fleet knows, or from the template's file.
    ///
    /// - Returns: the names, in the order typed.
    /// - Throws: `FleetctlError`, before anything is created, when a unit is nowhere.
    package func submit(_ typed: [String]) async throws -> [String] {
        let (names, replaced) = try await put(typed, for: .inactive)
        for name in names where replaced.contains(name) { report(name, .inactive, on: nil, []) }
        return names
    }

    /// - Parameter goal: what the command wants of the units; says which of them may be replaced.
    /// - Returns: the names in the order typed, and which of them were given another text.
    func put(_ typed: [String], for goal: TargetState) async throws -> (names: [String], replaced: Set<String>) {
        let sources = try typed.map { try UnitSource($0) }
        var created: [(name: String, file: UnitFile, desired: TargetState?)] = []
        for source in sources {
            if let known = try await client.unit(source.name.full) {
                guard let file = try await replacement(for: known, source, goal) else { continue }
                created.append((known.name, file, known.target))
            } else {
                created.append((source.name.full, try await newFile(for: source), nil))
            }
        }
        for unit in created { try await client.create(unit.name, unit.file, desired: unit.desired) }
        for unit in created where unit.desired == nil { try await waitUntilKnown(unit.name) }
        return (sources.map(\.name.full), Set(created.filter { $0.desired != nil }.map(\.name)))
    }

    /// Unit file that replaces the one fleet knows; nil when it is the same, or is to be left.
    private func replacement(
        for known: APIUnit,
        _ source: UnitSource,
        _ goal: TargetState,
    ) async throws -> UnitFile? {
        guard let (file, place) = try await newest(source) else {
            guard replaces else { return nil }
            throw FleetctlError(.notFound, "there is no file \(source.path) to replace unit \(known.name) with")
        }
        if file.hash == known.file.hash {
            if replaces { console.err("Found same Unit(\(known.name)) in Registry, nothing to do") }
            return nil
        }
        guard replaces else {
            let isTemplate = source.name.template.map { place.hasSuffix($0.full) } ?? false
            console.err(
                "WARNING: Unit \(known.name) in registry differs from local \(isTemplate ? "template " : "")unit file "
                    + "\(place). Add --replace to override."
            )
            return nil
        }
        guard known.target <= goal else {
            throw FleetctlError(
                .refused,
                "unit \(known.name) is \(known.target.rawValue) and cannot be replaced by a command that leaves it "
                    + "\(goal.rawValue); use fleetctl \(known.target.command) --replace",
            )
        }
        return file
    }

    /// The text that a unit is to be replaced with, and where it is: its file, its template's file or, where one is
    /// to be replaced, the template that fleet knows.
    private func newest(_ source: UnitSource) async throws -> (file: UnitFile, place: String)? {
        if let (file, path) = try source.load(context) { return (file, path) }
        guard replaces, let template = source.name.template else { return nil }
        guard let known = try await client.unit(template.full) else { return nil }
        return (known.file, template.full)
    }

    private func newFile(for source: UnitSource) async throws -> UnitFile {
        if let (file, _) = try source.loadOwn(context) { return file }
        if let template = source.name.template, let known = try await client.unit(template.full) { return known.file }
        if let path = source.templatePath, let file = try source.read(path, context) { return file }
        let template = source.name.template.map { " or template Unit(\($0))" } ?? ""
        throw FleetctlError(
            .notFound,
            "unable to find Unit(\(source.name))\(template) in Registry or on filesystem (\(source.path))",
        )
    }

    private func waitUntilKnown(_ name: String) async throws {
        if wait.attempts > 0 { _ = try await settle(UnitWait(unit: name, target: .inactive)) }
        report(name, .inactive, on: nil, [])
    }
}

extension TargetState {
    /// The command that brings a unit there.
    var command: String {
        switch self {
        case .inactive: "submit"
        case .loaded: "load"
        case .launched: "start"
        }
    }
}
