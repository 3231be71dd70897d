/// Two requirements of one unit that cannot both be met.
package struct FleetExclusion: Sendable, Hashable {
    /// Key that excludes ``other``.
    package let key: XFleetKey
    /// The key to remove or fix.
    package let other: XFleetKey
    /// Fault, as one clause.
    package let message: String
}

extension FleetExclusion: CustomStringConvertible {
    package var description: String { message }
}

extension FleetRequirements {
    /// Requirements that exclude one another, in a fixed order.
    package var exclusions: [FleetExclusion] {
        pairs.map { key, other, reason in
            FleetExclusion(
                key: key,
                other: other,
                message: "\(key.rawValue) and \(other.rawValue) cannot be used together: \(reason)",
            )
        } + peersKeptAway
    }

    private var pairs: [(XFleetKey, XFleetKey, String)] {
        let pinned = machineID != nil
        let rules: [(Bool, XFleetKey, XFleetKey, String)] = [
            (pinned && !machineOf.isEmpty, .machineID, .machineOf, "each of them alone names the machine"),
            (pinned && !conflicts.isEmpty, .machineID, .conflicts, "a pinned unit has no other machine to go to"),
            (pinned && isGlobal, .machineID, .global, "a global unit runs on more than one machine"),
            (pinned && !replaces.isEmpty, .machineID, .replaces, "a pinned unit has no other machine to go to"),
            (isGlobal && !machineOf.isEmpty, .global, .machineOf, "a global unit follows no other unit"),
            (isGlobal && !replaces.isEmpty, .global, .replaces, "a global unit would replace the other everywhere"),
            (
                !conflicts.isEmpty && !replaces.isEmpty, .conflicts, .replaces,
                "one keeps away from other units, the other makes them go"
            ),
        ]
        return rules.filter(\.0).map { ($0.1, $0.2, $0.3) }
    }

    private var peersKeptAway: [FleetExclusion] {
        machineOf.flatMap { peer in
            let conflicts = conflicts.filter { $0.matches(peer) }.map { (XFleetKey.conflicts, $0) }
            let replaces = replaces.filter { $0.matches(peer) }.map { (XFleetKey.replaces, $0) }
            return (conflicts + replaces).map { key, glob in
                FleetExclusion(
                    key: .machineOf,
                    other: key,
                    message: "MachineOf requires \(peer), which \(key.rawValue)=\(glob) keeps away",
                )
            }
        }
    }
}
