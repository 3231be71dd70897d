/// Judgement of machines that fall silent: one or two have died, and their units are started elsewhere at once; many
/// at the same time are a network that is cut or a host that has too much to do, and the others could not carry their
/// units anyway.
///
/// The rule: where, within one TTL, more than two machines and more than a third of those that were there fall silent,
/// the units of silent machines stay where they are, for ten TTLs at most. It ends early when no more than two machines
/// are silent any more. Machines that said that they leave are not silent.
struct MassSilence: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// As many may die together and are replaced.
    static let few = 2
    /// Of all machines; one in so many.
    static let share = 3
    /// Time that a machine has to be away before its units move: one whose lease ended before its time is back at once.
    static let grace = Duration.milliseconds(500)
    /// Number of TTLs for which units wait for their machines.
    static let patience = 10

    private var present: Set<String> = []
    private var gone: [String: Instant] = [:]
    /// Machines that fell silent just now, with the times at which they did.
    private var recent: [String: Instant] = [:]
    /// Time at which the units of silent machines are started elsewhere after all.
    private var end: Instant?

    /// Machines that are silent and still waited for.
    var silent: Set<String> { end == nil ? [] : Set(gone.keys) }

    /// Machines that may be back in a moment.
    ///
    /// - Returns: their IDs, and how long they are waited for; nil when there are none.
    func awaited(now: Instant) -> (machines: Set<String>, pause: Duration)? {
        let awaited = recent.filter { $0.value.duration(to: now) < Self.grace }
        guard let last = awaited.values.max() else { return nil }
        return (Set(awaited.keys), Self.grace - last.duration(to: now))
    }

    /// Takes in which machines there are now.
    ///
    /// - Parameters:
    ///   - left: machines that said that they leave.
    ///   - ttl: after which a silent machine counts as gone.
    /// - Returns: how long the units of ``silent`` machines still stay; nil when all are free to move.
    mutating func look(at machines: Set<String>, left: Set<String>, ttl: Duration, now: Instant) -> Duration? {
        recent = recent.filter { $0.value.duration(to: now) < Self.grace && !machines.contains($0.key) }
        for id in present.subtracting(machines) where !left.contains(id) { (gone[id], recent[id]) = (now, now) }
        for id in gone.keys where machines.contains(id) || left.contains(id) { gone[id] = nil }
        present = machines
        if let end {
            guard end > now, gone.count > Self.few else {
                // Those that are still away have died.
                (self.end, gone) = (nil, [:])
                return nil
            }
            return now.duration(to: end)
        }
        gone = gone.filter { $0.value.duration(to: now) <= ttl }
        guard gone.count > Self.few, gone.count * Self.share > machines.count + gone.count else { return nil }
        end = now + ttl * Self.patience
        return ttl * Self.patience
    }
}
