import Basics
import Chaos
import Etcd
import Synchronization

/// Load on etcd through every member and proxy, whose answers are judged: registers and a set that all clients share,
/// new ones every few seconds.
final class EtcdLoad: Sendable {
    /// A way to etcd.
    struct Client: Sendable {
        /// Name of the node whose member or proxy answers.
        var name: String
        var etcd: any EtcdClient
    }

    /// Time after which other keys take the place of these, so that a history stays short enough to judge.
    private static let generation = Duration.seconds(10)
    private static let registers = 2

    /// Range of the time between two operations of a client.
    private let pause: ClosedRange<Int>

    /// What was recorded of one generation of keys.
    private struct Histories {
        var registers: [Int: [RecordedOperation<RegisterModel.Action>]] = [:]
        var set: [RecordedOperation<SetModel.Action>] = []
    }

    private struct State {
        var generations: [Int: Histories] = [:]
        var counts = Verdict.Counts()
        var lastNumber = 0
        /// Time of the last write with an answer, and the times between two that were long.
        var lastWrite: Duration?
        var droughts: [ClosedRange<Duration>] = []

        mutating func count(isAnswered: Bool, isWrite: Bool, at time: Duration) {
            if isAnswered { counts.answered += 1 } else { counts.unknown += 1 }
            guard isWrite else { return }
            if let last = lastWrite, time > last, time - last > EtcdLoad.drought { droughts.append(last...time) }
            lastWrite = max(lastWrite ?? time, time)
        }
    }

    /// Time without a write that is remembered.
    private static let drought = Duration.seconds(3)

    private let clients: [Client]
    private let prefix: String
    private let start: ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameter pause: milliseconds between two operations of a client.
    init(_ clients: [Client], run: String, start: ContinuousClock.Instant, pause: ClosedRange<Int> = 100...300) {
        self.clients = clients
        self.pause = pause
        prefix = "slipway/chaos/\(run)/"
        self.start = start
    }

    /// A write that takes effect late, after the run's keys were removed, finds this one gone.
    private var marker: String { prefix + "run" }

    var counts: Verdict.Counts { state.withLock { $0.counts } }

    /// Times in which no write was answered, the present one among them.
    var droughts: [ClosedRange<Duration>] {
        let now = now
        return state.withLock { state in
            guard let last = state.lastWrite, now - last > Self.drought else { return state.droughts }
            return state.droughts + [last...now]
        }
    }

    private var now: Duration { start.duration(to: .now) }

    /// Runs until it is cancelled.
    ///
    /// - Parameter found: called with each violation.
    func run(seed: UInt64, found: @escaping @Sendable (Violation) -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, client) in clients.enumerated() {
                group.addTask { await self.drive(client, seed: seed &+ UInt64(index)) }
            }
            group.addTask { await self.judgeFinished(found) }
        }
    }

    /// Judges what is left once the load has ended.
    func judgeRest() -> [Violation] {
        let rest = state.withLock { state in
            defer { state.generations = [:] }
            return state.generations
        }
        return rest.sorted { $0.key < $1.key }.flatMap { judge($0.key, $0.value) }
    }

    /// Makes the key without which none of the run is written.
    func begin(by etcd: any EtcdClient) async throws {
        try await etcd.put(marker, "")
        let now = now
        state.withLock { $0.lastWrite = now }
    }

    // MARK: Operations

    private func drive(_ client: Client, seed: UInt64) async {
        var random = SeededGenerator(seed: seed)
        while !Task.isCancelled {
            let generation = Int(now / Self.generation)
            if Int.random(in: 0..<5, using: &random) < 3 {
                let register = Int.random(in: 0..<Self.registers, using: &random)
                await useRegister(register, generation, client, &random)
            } else {
                await useSet(generation, client, &random)
            }
            let pause = Duration.milliseconds(Int.random(in: pause, using: &random))
            do { try await Task.sleep(for: pause) } catch { return }
        }
    }

    private func useRegister(_ register: Int, _ generation: Int, _ client: Client, _ random: inout SeededGenerator)
        async
    {
        let key = "\(prefix)\(generation)/register-\(register)"
        let read = RangeRequest(.key(key))
        let number = nextNumber()
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            await record(register, generation, client, ifUnknown: .write(number)) {
                try await write(.put(key, "\(number)"), by: client)
                return .write(number)
            }
        case 1:
            await record(register, generation, client, ifUnknown: .read(nil)) {
                .read(Self.number(try await client.etcd.range(read).keyValues.first))
            }
        default:
            // What a swap expects is read just before, which is an operation, too.
            let seen = await record(register, generation, client, ifUnknown: .read(nil)) {
                .read(Self.number(try await client.etcd.range(read).keyValues.first))
            }
            guard case .read(let from) = seen else { return }
            await record(register, generation, client, ifUnknown: .swap(from: from, to: number)) {
                let isSame = from.map { Comparison.value(key, is: "\($0)") } ?? .missing(key)
                let conditions = [isSame, .exists(marker)]
                let swap = Transaction(if: conditions, then: [.put(key, "\(number)")], else: [.range(read)])
                let answer = try await client.etcd.commit(swap)
                if answer.succeeded { return .swap(from: from, to: number) }
                return .read(Self.number(answer.ranges.first?.keyValues.first))
            }
        }
    }

    private func useSet(_ generation: Int, _ client: Client, _ random: inout SeededGenerator) async {
        let place = "\(prefix)\(generation)/set/"
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1:
            let number = nextNumber()
            await record(generation, client, ifUnknown: .add(number)) {
                try await write(.put("\(place)\(number)", ""), by: client)
                return .add(number)
            }
        case 2:
            let known = state.withLock { state in
                (state.generations[generation]?.set ?? []).compactMap { operation in
                    if case .add(let number) = operation.action { number } else { nil }
                }
            }
            guard let number = known.suffix(8).randomElement(using: &random) else { return }
            await record(generation, client, ifUnknown: .remove(number, found: nil)) {
                let count = try await client.etcd.delete(.key("\(place)\(number)"))
                return .remove(number, found: count > 0)
            }
        default:
            await record(generation, client, ifUnknown: .read([])) {
                let keys = try await client.etcd.range(RangeRequest(.prefix(place), keysOnly: true)).keyValues.map(
                    \.key
                )
                return .read(Set(keys.compactMap { Int($0.dropFirst(place.count)) }))
            }
        }
    }

    private func write(_ operation: Etcd.Operation, by client: Client) async throws {
        let answer = try await client.etcd.commit(Transaction(if: [.exists(marker)], then: [operation]))
        guard answer.succeeded else { throw EtcdError(.refused, "the run is over") }
    }

    private static func number(_ found: KeyValue?) -> Int? { found.flatMap { Int($0.text) } }

    private func nextNumber() -> Int {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    /// Performs an operation on a register and records it; one that failed may or may not have taken effect.
    ///
    /// - Returns: nil for one that failed.
    @discardableResult
    private func record(
        _ register: Int,
        _ generation: Int,
        _ client: Client,
        ifUnknown unknown: RegisterModel.Action,
        _ perform: () async throws -> RegisterModel.Action,
    ) async -> RegisterModel.Action? {
        let call = now
        var answer: RegisterModel.Action?
        // Whatever the error says, what counts is that nothing is known.
        do { answer = try await perform() } catch {}
        let end = now
        let isWrite = if case .read = answer { false } else { answer != nil }
        let operation = RecordedOperation(client.name, answer ?? unknown, call: call, end: answer == nil ? nil : end)
        state.withLock { state in
            state.generations[generation, default: Histories()].registers[register, default: []].append(operation)
            state.count(isAnswered: answer != nil, isWrite: isWrite, at: end)
        }
        return answer
    }

    private func record(
        _ generation: Int,
        _ client: Client,
        ifUnknown unknown: SetModel.Action,
        _ perform: () async throws -> SetModel.Action,
    ) async {
        let call = now
        var answer: SetModel.Action?
        do { answer = try await perform() } catch {}
        let end = now
        let isWrite = if case .read = answer { false } else { answer != nil }
        let operation = RecordedOperation(client.name, answer ?? unknown, call: call, end: answer == nil ? nil : end)
        state.withLock { state in
            state.generations[generation, default: Histories()].set.append(operation)
            state.count(isAnswered: answer != nil, isWrite: isWrite, at: end)
        }
    }

    // MARK: Judgement

    /// Judges generations whose operations have all ended.
    private func judgeFinished(_ found: @escaping @Sendable (Violation) -> Void) async {
        while true {
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            let current = Int(now / Self.generation)
            let finished = state.withLock { state in
                let old = state.generations.keys.filter { $0 < current - 1 }.sorted()
                return old.compactMap { number in state.generations.removeValue(forKey: number).map { (number, $0) } }
            }
            for (number, histories) in finished {
                for violation in judge(number, histories) { found(violation) }
                // Keys that stay are removed at the end.
                if let etcd = clients.first?.etcd { _ = try? await etcd.delete(.prefix("\(prefix)\(number)/")) }
            }
        }
    }

    private func judge(_ generation: Int, _ histories: Histories) -> [Violation] {
        var found: [Violation] = []
        for (number, operations) in histories.registers.sorted(by: { $0.key < $1.key }) {
            let relevant = RegisterModel.withoutUnseen(operations)
            let judgement = LinearizabilityChecker<RegisterModel>.judge(relevant)
            found += violation("register \(generation)/\(number)", relevant, judgement)
        }
        let relevant = SetModel.withoutUnseen(histories.set)
        return found + violation("set \(generation)", relevant, LinearizabilityChecker<SetModel>.judge(relevant))
    }

    private func violation<Action>(
        _ what: String,
        _ operations: [RecordedOperation<Action>],
        _ judgement: Linearizability,
    ) -> [Violation] {
        switch judgement {
        case .linearizable: return []
        case .undecided:
            state.withLock { $0.counts.undecided += 1 }
            return []
        case .violated(let longest, let stuck):
            let bad = operations[stuck]
            let before = longest.suffix(12).map { operations[$0] }.map(\.line)
            return [
                Violation(
                    .linearizable,
                    "\(what): no order of the operations explains the answer of \(bad.client)",
                    at: bad.end ?? bad.call,
                    evidence: ["explained, in this order:"] + before + ["not explained after that:", bad.line],
                )
            ]
        }
    }
}

extension RecordedOperation {
    /// Description on a line.
    fileprivate var line: String {
        func seconds(_ time: Duration) -> String { "\(Int(time / .milliseconds(1))) ms" }
        return
            "  \(client): \(action), called at \(seconds(call)), \(end.map { "answered at " + seconds($0) } ?? "no answer")"
    }
}
