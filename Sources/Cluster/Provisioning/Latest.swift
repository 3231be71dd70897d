import Synchronization

/// The last of a series of values, shared by those who set it and those who ask.
final class Latest<Value: Equatable & Sendable>: Sendable {
    private let storage: Mutex<Value>

    init(_ value: Value) {
        storage = Mutex(value)
    }

    var value: Value { storage.withLock { $0 } }

    /// Returns whether the value is another than before.
    func update(_ value: Value) -> Bool {
        storage.withLock { current in
            defer { current = value }
            return current != value
        }
    }
}
