import Diagnostics
import UnitFiles

extension Topology {
    /// Units that no node of this topology can run, however full or empty it is.
    ///
    /// `MachineID` is not looked at: which machine has which identifier is the plan's to say.
    package func placementFindings() -> [Diagnostic] {
        guard let first = units.first else { return [] }
        guard fleet.enabled else {
            let note = "remove the units, or `enabled: false` under `fleet`"
            return [.error("units need fleet, which is switched off", at: first.location, notes: [note])]
        }
        let placement = PlacementCheck(topology: self)
        var seen: Set<Diagnostic> = []
        // The instances of a template share their file, and so their mistakes.
        return placement.findings().filter { seen.insert($0).inserted }
    }
}

/// Compares what units ask for with what roles offer.
struct PlacementCheck {
    struct Candidate {
        var deployment: UnitDeployment
        var requirements: FleetRequirements
        /// Indices of the roles whose nodes the unit fits, seen alone.
        var eligible: Set<Int>

        var name: String { deployment.name }
        var isPlaced: Bool { deployment.desiredState != .inactive }
    }

    let roles: [Role]
    let candidates: [Candidate]
    let byName: [String: Int]

    init(topology: Topology) {
        let roles = topology.roles
        self.roles = roles
        let candidates = topology.units.map { deployment in
            let requirements = deployment.requirements
            let eligible = roles.indices.filter { roles[$0].runsFleet && roles[$0].meets(requirements.metadata) }
            return Candidate(deployment: deployment, requirements: requirements, eligible: Set(eligible))
        }
        self.candidates = candidates
        byName = Dictionary(candidates.indices.map { (candidates[$0].name, $0) }) { first, _ in first }
    }

    func findings() -> [Diagnostic] {
        let alone = candidates.flatMap { metadataFindings(for: $0) + peerFindings(for: $0) }
        return alone + (alone.hasErrors ? [] : groupFindings())
            + ConflictCheck(candidates: candidates, roles: roles).findings()
    }

    // MARK: MachineMetadata

    private func metadataFindings(for candidate: Candidate) -> [Diagnostic] {
        let wanted = candidate.requirements.metadata
        guard candidate.eligible.isEmpty, !wanted.isEmpty else { return [] }
        let unmet = wanted.keys.sorted().filter { key in
            !roles.contains { $0.runsFleet && $0.meets([key: wanted[key] ?? []]) }
        }
        guard let key = unmet.first else { return [noRoleHasAll(wanted, candidate)] }
        if let without = roles.first(where: { !$0.runsFleet && $0.meets([key: wanted[key] ?? []]) }) {
            let notes = ["role \"\(without.name)\" has it, but with `etcd: \(without.etcd)` its nodes run no fleet"]
            return [unmetMetadata(key, wanted, candidate, notes: notes)]
        }
        return unmet.map { unmetMetadata($0, wanted, candidate, notes: hints(for: $0, wanted[$0] ?? [])) }
    }

    private func unmetMetadata(
        _ key: String,
        _ wanted: [String: Set<String>],
        _ candidate: Candidate,
        notes: [String],
    ) -> Diagnostic {
        let values = (wanted[key] ?? []).sorted()
        let entries = values.map { "\(key)=\($0)" }
        let place = candidate.deployment.location(of: .machineMetadata, containing: entries.first ?? key)
        let message = "no node has the metadata \(entries.joined(separator: " or "))"
        return .error(message, at: place, notes: notes)
    }

    private func hints(for key: String, _ values: Set<String>) -> [String] {
        let offered = Set(roles.filter(\.runsFleet).compactMap { $0.metadata[key] })
        if !offered.isEmpty {
            let nearest = values.sorted().lazy.compactMap { Spelling.nearest(to: $0, among: offered) }.first
            let valid = offered.sorted().map { "\(key)=\($0)" }.joined(separator: ", ")
            return (nearest.map { ["did you mean \(key)=\($0)?"] } ?? []) + ["the roles have \(valid)"]
        }
        let keys = Set(roles.filter(\.runsFleet).flatMap(\.metadata.keys))
        if let nearest = Spelling.nearest(to: key, among: keys) { return ["did you mean \"\(nearest)\"?"] }
        guard !keys.isEmpty else { return ["no role has any `metadata`"] }
        return ["the roles' metadata has the keys \(keys.sorted().joined(separator: ", "))"]
    }

    private func noRoleHasAll(_ wanted: [String: Set<String>], _ candidate: Candidate) -> Diagnostic {
        let entries = wanted.keys.sorted().map { key in
            (wanted[key] ?? []).sorted().map { "\(key)=\($0)" }.joined(separator: " or ")
        }
        let notes = roles.filter(\.runsFleet).map { role in
            let has = role.metadata.keys.sorted().map { "\($0)=\(role.metadata[$0] ?? "")" }
            return "role \"\(role.name)\" has \(has.isEmpty ? "none" : has.joined(separator: ", "))"
        }
        let place = candidate.deployment.location(of: .machineMetadata, containing: "")
        return .error("no node has all of the metadata \(entries.joined(separator: ", "))", at: place, notes: notes)
    }

    // MARK: MachineOf

    private func peerFindings(for candidate: Candidate) -> [Diagnostic] {
        candidate.requirements.machineOf.compactMap { peer in
            // A unit that names itself is a fault of its file, and reported with it.
            peer == candidate.name ? nil : peerFinding(peer, candidate)
        }
    }

    private func peerFinding(_ name: String, _ candidate: Candidate) -> Diagnostic? {
        let place = candidate.deployment.location(of: .machineOf, containing: name)
        if FleetRequirements.isPattern(name) {
            if byName.keys.contains(where: { $0 != candidate.name && Glob(name).matches($0) }) { return nil }
            return .warning("no unit of this topology matches \(name)", at: place)
        }
        guard let peer = byName[name].map({ candidates[$0] }) else {
            var notes = ["\(candidate.name) waits until a unit of this name is in the cluster"]
            if let near = Spelling.nearest(to: name, among: byName.keys) {
                notes.insert("did you mean \(near)?", at: 0)
            }
            return .warning("\(name) is not among this topology's units", at: place, notes: notes)
        }
        if isReachable(candidate.name, from: peer.name) {
            let note = "each of them waits for the other"
            return .error(
                "\(candidate.name) and \(name) follow one another, and none can start",
                at: place,
                notes: [note]
            )
        }
        if peer.requirements.conflicts.contains(where: { $0.matches(candidate.name) }) {
            return .error("\(candidate.name) follows \(name), whose Conflicts keeps it away", at: place)
        }
        let together = companions(of: candidate.name)
        let common = together.reduce(candidate.eligible) { $0.intersection($1.eligible) }
        if common.isEmpty, together.allSatisfy({ !$0.eligible.isEmpty }) {
            return .error("no node can run both \(candidate.name) and \(name)", at: place, notes: together.map(wishes))
        }
        if candidate.isPlaced, !peer.isPlaced {
            return .warning("\(name) stays inactive, and so \(candidate.name) will never be placed", at: place)
        }
        return nil
    }

    /// Units that share a machine because they follow the same one, each of which would fit with that one alone.
    private func groupFindings() -> [Diagnostic] {
        var seen: Set<String> = []
        return candidates.compactMap { candidate in
            let ties = !candidate.requirements.isGlobal && !candidate.requirements.machineOf.isEmpty
            guard ties, seen.insert(candidate.name).inserted else { return nil }
            let group = sharers(of: candidate.name)
            seen.formUnion(group.map(\.name))
            let peers = group.flatMap(\.requirements.machineOf).compactMap { byName[$0].map { candidates[$0] } }
            let common = (group + peers).reduce(candidate.eligible) { $0.intersection($1.eligible) }
            guard common.isEmpty, group.count > 1 else { return nil }
            let follower = group.first { !$0.requirements.machineOf.isEmpty } ?? candidate
            let names = group.map(\.name)
            let message =
                "\(names.joined(separator: ", ")) must share a machine (MachineOf), and no node can run them all"
            let place = follower.deployment.location(of: .machineOf, containing: "")
            return .error(message, at: place, notes: group.map(wishes))
        }
    }

    /// The unit, and all that are tied to it by following, in either direction. A global unit ties none.
    private func sharers(of name: String) -> [Candidate] {
        let local = candidates.filter { !$0.requirements.isGlobal }
        let names = Set(local.map(\.name))
        var reached: Set = [name]
        var size = 0
        while size < reached.count {
            size = reached.count
            for unit in local {
                let peers = unit.requirements.machineOf.filter(names.contains)
                if reached.contains(unit.name) { reached.formUnion(peers) }
                if !reached.isDisjoint(with: peers) { reached.insert(unit.name) }
            }
        }
        return local.filter { reached.contains($0.name) }
    }

    private func wishes(of candidate: Candidate) -> String {
        let names = candidate.eligible.sorted().map { "\"\(roles[$0].name)\"" }
        return "\(candidate.name) can run on nodes of role \(names.joined(separator: ", "))"
    }

    /// The unit itself and all it follows, directly or not, by name.
    private func companions(of name: String) -> [Candidate] {
        reached(from: name).sorted().compactMap { byName[$0].map { candidates[$0] } }
    }

    private func isReachable(_ name: String, from start: String) -> Bool { reached(from: start).contains(name) }

    private func reached(from start: String) -> Set<String> {
        var reached: Set = [start]
        var waiting = [start]
        while let name = waiting.popLast() {
            for peer in byName[name].map({ candidates[$0].requirements.machineOf }) ?? []
            where byName[peer] != nil && reached.insert(peer).inserted {
                waiting.append(peer)
            }
        }
        return reached
    }
}

extension Role {
    /// True when the role's nodes run fleetd.
    package var runsFleet: Bool { etcd.runsFleet }

    /// Returns whether the role's nodes have, for every key, one of the values.
    package func meets(_ wanted: [String: Set<String>]) -> Bool {
        wanted.allSatisfy { key, values in metadata[key].map(values.contains) ?? false }
    }
}
