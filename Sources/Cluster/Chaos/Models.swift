/// A register that holds a number or nothing.
package enum RegisterModel: SequentialModel {
    /// Operation on a register. A swap that failed is a read of what it found.
    package enum Action: Sendable, Hashable {
        case read(Int?)
        case write(Int)
        /// Replaces one content by another, and nothing else.
        case swap(from: Int?, to: Int)
    }

    /// Nothing.
    package static let initial: Int? = nil

    /// Content after an operation; nil where the answer does not fit.
    package static func step(_ state: Int?, _ action: Action) -> Int?? {
        switch action {
        case .read(let found): found == state ? .some(state) : nil
        case .write(let value): .some(value)
        case .swap(let from, let to): from == state ? .some(to) : nil
        }
    }

    /// Leaves out writes of unknown outcome of numbers that nobody else writes and nobody found: in every order that
    /// explains the answers, nothing but another write follows such a write.
    package static func withoutUnseen(_ operations: [RecordedOperation<Action>]) -> [RecordedOperation<Action>] {
        var seen: Set<Int> = []
        var writers: [Int: Int] = [:]
        for operation in operations {
            switch operation.action {
            case .read(let found): if let found { seen.insert(found) }
            case .write(let value): writers[value, default: 0] += 1
            case .swap(let from, let to):
                writers[to, default: 0] += 1
                if let from, operation.end != nil { seen.insert(from) }
            }
        }
        func isKept(_ operation: RecordedOperation<Action>) -> Bool {
            guard operation.end == nil else { return true }
            return switch operation.action {
            case .read: false
            case .write(let value), .swap(_, let value): seen.contains(value) || writers[value] != 1
            }
        }
        while true {
            let kept = operations.filter(isKept)
            let needed = kept.compactMap { if case .swap(let from?, _) = $0.action { from } else { nil } }
            guard !seen.isSuperset(of: needed) else { return kept }
            seen.formUnion(needed)
        }
    }
}

/// A set of numbers.
package enum SetModel: SequentialModel {
    /// Operation on a set.
    package enum Action: Sendable, Hashable {
        case add(Int)
        /// - Parameter found: whether the number was there; nil where no answer came.
        case remove(Int, found: Bool?)
        case read(Set<Int>)
    }

    /// The empty set.
    package static let initial: Set<Int> = []

    /// Content after an operation; nil where the answer does not fit.
    package static func step(_ state: Set<Int>, _ action: Action) -> Set<Int>? {
        switch action {
        case .add(let number): return state.union([number])
        case .remove(let number, let found):
            guard found == nil || found == state.contains(number) else { return nil }
            return state.subtracting([number])
        case .read(let found): return found == state ? state : nil
        }
    }

    /// Leaves out additions of unknown outcome of numbers that nobody found.
    package static func withoutUnseen(_ operations: [RecordedOperation<Action>]) -> [RecordedOperation<Action>] {
        var seen: Set<Int> = []
        for operation in operations where operation.end != nil {
            switch operation.action {
            case .read(let found): seen.formUnion(found)
            case .remove(let number, found: true): seen.insert(number)
            case .add, .remove: break
            }
        }
        return operations.filter { operation in
            guard operation.end == nil else { return true }
            return switch operation.action {
            case .read: false
            case .add(let number): seen.contains(number)
            // It may be why a number that was added is not found.
            case .remove: true
            }
        }
    }
}
