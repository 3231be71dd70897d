import FleetState
import UnitFiles

/// Writes the units of one moment together: fleet then places them in one pass, and each machine hears of them once,
/// where hundreds of units, one after the other, keep every machine busy with hearing of all of them.
actor UnitDeployments {
    struct Waiting {
        var wish: UnitWish
        var continuation: CheckedContinuation<Void, any Error>
    }

    /// The text that is written at once, in bytes: etcd takes a request of 1.5 MiB.
    private static let textTogether = 512 << 10

    private let registry: FleetRegistry
    private let mark: @Sendable (String) -> String
    private(set) var waiting: [Waiting] = []
    private var isWriting = false

    /// - Parameter mark: the key that is to exist beside a unit, by the unit's name.
    init(_ registry: FleetRegistry, mark: @escaping @Sendable (String) -> String) {
        (self.registry, self.mark) = (registry, mark)
    }

    /// Writes a unit: at once where nobody is writing, else with all that wait by then.
    func deploy(_ wish: UnitWish) async throws {
        guard !isWriting else {
            return try await withCheckedThrowingContinuation {
                waiting.append(Waiting(wish: wish, continuation: $0))
            }
        }
        isWriting = true
        let own = await write([wish])
        while !waiting.isEmpty {
            let next = takeNext()
            for (waiting, result) in zip(next, await write(next.map(\.wish))) {
                waiting.continuation.resume(with: result)
            }
        }
        isWriting = false
        for result in own { try result.get() }
    }

    /// What is written next: as many of those that wait as one request takes, and no name twice.
    private func takeNext() -> [Waiting] {
        var names: Set<String> = []
        var size = 0
        let next = waiting.prefix(FleetRegistry.unitsTogether).prefix { waiting in
            size += waiting.wish.file.canonicalText.utf8.count
            return names.insert(waiting.wish.name).inserted && (names.count == 1 || size <= Self.textTogether)
        }
        waiting.removeFirst(next.count)
        return Array(next)
    }

    /// - Returns: a result for each, in their order.
    private func write(_ wishes: [UnitWish]) async -> [Result<Void, any Error>] {
        do {
            if try await registry.deploy(wishes, mark: mark) { return wishes.map { _ in .success(()) } }
        } catch {
            return wishes.map { _ in .failure(error) }
        }
        guard wishes.count > 1 else {
            let changed = RegistryError(.changedMeanwhile, "unit \(wishes[0].name) was changed by somebody else")
            return [.failure(changed)]
        }
        // One of them is not as it was; the others are written all the same.
        var results: [Result<Void, any Error>] = []
        for wish in wishes { results += await write([wish]) }
        return results
    }
}
