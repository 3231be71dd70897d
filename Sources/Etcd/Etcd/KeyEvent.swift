/// A change of a key, as a watch reports it.
package enum KeyEvent: Sendable, Equatable {
    case put(KeyValue)
    case delete(key: String, revision: Int64)

    /// Key that changed.
    package var key: String {
        switch self {
        case .put(let keyValue): keyValue.key
        case .delete(let key, _): key
        }
    }

    /// The store's revision of the change.
    package var revision: Int64 {
        switch self {
        case .put(let keyValue): keyValue.modRevision
        case .delete(_, let revision): revision
        }
    }
}
