/// A thing that one operation after the other acts on.
package protocol SequentialModel {
    /// Content of the thing.
    associatedtype State: Hashable & Sendable
    /// An operation with its answer.
    associatedtype Action: Hashable & Sendable

    /// Content before the first operation.
    static var initial: State { get }
    /// Content after an operation; nil where the answer is not what the content gives.
    static func step(_ state: State, _ action: Action) -> State?
    /// The operations without those of unknown outcome whose effect nobody can have seen. Leaving them out must not
    /// change the judgement: they stand for what an operation that never happens does.
    static func withoutUnseen(_ operations: [RecordedOperation<Action>]) -> [RecordedOperation<Action>]
}

/// An operation as a client saw it.
package struct RecordedOperation<Action: Hashable & Sendable>: Sendable, Hashable {
    /// Name of the client.
    package var client: String
    /// Operation, with its answer.
    package var action: Action
    /// Time of the call, from the beginning of the run.
    package var call: Duration
    /// Time of the answer; nil where none came, and the operation takes effect at any time after its call, or never.
    package var end: Duration?

    package init(_ client: String, _ action: Action, call: Duration, end: Duration?) {
        (self.client, self.action, self.call, self.end) = (client, action, call, end)
    }
}

/// Judgement of a history.
package enum Linearizability: Sendable, Hashable {
    case linearizable
    /// Indices of the longest order of operations that could be found, and of the operation whose answer fits nowhere
    /// after it.
    case violated(longest: [Int], stuck: Int)
    /// Too many orders would have to be tried.
    case undecided
}

/// Judges whether the operations on one thing can be put into an order that explains each answer and in which no
/// operation comes before one that had ended when it was called.
///
/// The search is Wing and Gong's with Lowe's cache of pairs of operations and content: once a set of operations was found
/// to lead to a content, no other order of the same set is followed to the same content.
package enum LinearizabilityChecker<Model: SequentialModel> {
    /// - Parameter limit: number of pairs of operations and content to look at before it gives up.
    package static func judge(
        _ operations: [RecordedOperation<Model.Action>],
        limit: Int = 2_000_000,
    ) -> Linearizability {
        var search = Search<Model>(operations)
        return search.run(limit: limit)
    }
}

/// Search for an order.
private struct Search<Model: SequentialModel> {
    /// The beginning or the end of an operation.
    private struct Entry {
        var operation: Int
        var isCall: Bool
        var previous: Int
        var next: Int
        /// Of a call: the entry of its end, or -1.
        var match = -1
    }

    private struct Visited: Hashable {
        var done: [UInt64]
        var state: Model.State
    }

    private struct Frame {
        var entry: Int
        var state: Model.State
    }

    private let operations: [RecordedOperation<Model.Action>]
    /// A list, of which the first entry is a head.
    private var entries: [Entry] = []
    private var done: [UInt64]
    /// Operations with an answer that have no place yet.
    private var left: Int

    init(_ operations: [RecordedOperation<Model.Action>]) {
        self.operations = operations
        done = Array(repeating: 0, count: operations.count / 64 + 1)
        left = operations.count { $0.end != nil }
        var events: [(time: Duration, isCall: Bool, operation: Int)] = []
        for (index, operation) in operations.enumerated() {
            events.append((operation.call, true, index))
            if let end = operation.end { events.append((end, false, index)) }
        }
        // At the same moment calls come first: such operations count as overlapping, which accuses nobody wrongly.
        events.sort { ($0.time, $0.isCall ? 0 : 1, $0.operation) < ($1.time, $1.isCall ? 0 : 1, $1.operation) }
        entries.append(Entry(operation: -1, isCall: false, previous: -1, next: events.isEmpty ? -1 : 1))
        var calls: [Int: Int] = [:]
        for (index, event) in events.enumerated() {
            let next = index + 1 < events.count ? index + 2 : -1
            entries.append(Entry(operation: event.operation, isCall: event.isCall, previous: index, next: next))
            if event.isCall {
                calls[event.operation] = index + 1
            } else if let call = calls[event.operation] {
                entries[call].match = index + 1
            }
        }
    }

    mutating func run(limit: Int) -> Linearizability {
        var state = Model.initial
        var stack: [Frame] = []
        var visited: Set<Visited> = []
        var longest: [Int] = []
        var stuck = -1
        var entry = entries[0].next
        while left > 0 {
            if entry >= 0, entries[entry].isCall {
                let operation = entries[entry].operation
                if let next = Model.step(state, operations[operation].action) {
                    var after = done
                    after[operation / 64] |= 1 << UInt64(operation % 64)
                    if visited.insert(Visited(done: after, state: next)).inserted {
                        guard visited.count <= limit else { return .undecided }
                        stack.append(Frame(entry: entry, state: state))
                        (state, done) = (next, after)
                        lift(entry)
                        entry = entries[0].next
                        continue
                    }
                }
                entry = entries[entry].next
            } else {
                // An operation ended before anything could take its place, or all calls were tried.
                if stack.count >= longest.count, entry >= 0 {
                    longest = stack.map { entries[$0.entry].operation }
                    stuck = entries[entry].operation
                }
                guard let frame = stack.popLast() else { return .violated(longest: longest, stuck: stuck) }
                let operation = entries[frame.entry].operation
                state = frame.state
                done[operation / 64] &= ~(1 << UInt64(operation % 64))
                unlift(frame.entry)
                entry = entries[frame.entry].next
            }
        }
        return .linearizable
    }

    /// Takes an operation's entries out of the list.
    private mutating func lift(_ call: Int) {
        unlink(call)
        if entries[call].match >= 0 {
            unlink(entries[call].match)
            left -= 1
        }
    }

    private mutating func unlift(_ call: Int) {
        if entries[call].match >= 0 {
            relink(entries[call].match)
            left += 1
        }
        relink(call)
    }

    private mutating func unlink(_ index: Int) {
        let (previous, next) = (entries[index].previous, entries[index].next)
        entries[previous].next = next
        if next >= 0 { entries[next].previous = previous }
    }

    private mutating func relink(_ index: Int) {
        let (previous, next) = (entries[index].previous, entries[index].next)
        entries[previous].next = index
        if next >= 0 { entries[next].previous = index }
    }
}
