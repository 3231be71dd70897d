import FleetState
import UnitFiles

/// The update of a unit, or of a template's instances in turn: reads the cluster's state, returns what to write.
///
/// Everything but the times is in the record, so that another engine goes on where this one ended; it only waits anew
/// for the unit whose turn it is.
package struct RollingUpdate: Sendable {
    /// Next step of an update.
    package enum Action: Sendable, Equatable {
        /// Nothing to write before something changes, or this time has passed.
        case wait(Duration)
        /// The record, together with new texts of units.
        case write(UpdateRecord, texts: [String: String])
    }

    /// Largest number of units that get their old text back at once.
    static let restoredAtOnce = 32

    private let name: String
    /// The unit whose turn it is, and since when.
    private var watched: (unit: String, since: ContinuousClock.Instant, wellSince: ContinuousClock.Instant?)?

    package init(_ name: String) { self.name = name }

    /// Decides the next step by what is seen now.
    package mutating func look(
        at record: UpdateRecord,
        _ snapshot: FleetSnapshot,
        now: ContinuousClock.Instant,
    ) -> Action {
        if record.phase == .rollingBack { return restore(record, snapshot) }
        guard let current = record.current else {
            watched = nil
            return begin(record, snapshot)
        }
        if watched?.unit != current.unit { watched = (current.unit, now, nil) }
        return judge(current, record, snapshot, now)
    }

    // MARK: Forward

    private func begin(_ record: UpdateRecord, _ snapshot: FleetSnapshot) -> Action {
        var record = record
        while let unit = record.waiting.first {
            record.waiting.removeFirst()
            // Gone, or it has that text already.
            guard let stored = snapshot.units[unit], stored.hash.hex != record.hash else { continue }
            record.texts[stored.hash.hex] = stored.file.canonicalText
            record.current = UpdateRecord.Previous(unit: unit, hash: stored.hash.hex)
            return .write(record, texts: [unit: record.text])
        }
        record.phase = .done
        record.texts = [:]
        return .write(record, texts: [:])
    }

    private mutating func judge(
        _ current: UpdateRecord.Previous,
        _ record: UpdateRecord,
        _ snapshot: FleetSnapshot,
        _ now: ContinuousClock.Instant,
    ) -> Action {
        guard let watched else { return .wait(.zero) }
        let limit = Duration.seconds(record.limitSeconds)
        switch snapshot.health(of: current.unit, hash: record.hash) {
        case .gone, .notWanted:
            return accept(current, record)
        case .changed:
            return stop(record, "\(current.unit) was changed by somebody else")
        case .bad(let reason):
            return fail(record, "\(current.unit) \(reason)")
        case .coming(let what):
            self.watched?.wellSince = nil
            let left = limit - watched.since.duration(to: now)
            return left > .zero ? .wait(left) : fail(record, "\(current.unit) \(what) after \(record.limitSeconds) s")
        case .well:
            let since = watched.wellSince ?? now
            self.watched?.wellSince = since
            let left = Duration.seconds(record.settleSeconds) - since.duration(to: now)
            return left > .zero ? .wait(left) : accept(current, record)
        }
    }

    private func accept(_ current: UpdateRecord.Previous, _ record: UpdateRecord) -> Action {
        var record = record
        record.updated.append(current)
        record.current = nil
        return .write(record, texts: [:])
    }

    private func stop(_ record: UpdateRecord, _ reason: String) -> Action {
        var record = record
        (record.phase, record.reason, record.texts) = (.stopped, reason, [:])
        return .write(record, texts: [:])
    }

    // MARK: Back

    private func fail(_ record: UpdateRecord, _ reason: String) -> Action {
        var record = record
        (record.phase, record.reason) = (.rollingBack, reason)
        return .write(record, texts: [:])
    }

    /// The last that were updated first.
    private func restore(_ record: UpdateRecord, _ snapshot: FleetSnapshot) -> Action {
        var record = record
        if let current = record.current { record.updated.append(current) }
        record.current = nil
        var texts: [String: String] = [:]
        while texts.count < Self.restoredAtOnce, let last = record.updated.popLast() {
            // What somebody else has changed meanwhile is theirs.
            guard snapshot.units[last.unit]?.hash.hex == record.hash else { continue }
            texts[last.unit] = record.texts[last.hash]
            record.waiting.insert(last.unit, at: 0)
        }
        if record.updated.isEmpty { (record.phase, record.texts) = (.rolledBack, [:]) }
        return .write(record, texts: texts)
    }
}
