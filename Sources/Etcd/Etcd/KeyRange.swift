/// One key, or all keys that start with a prefix.
package enum KeyRange: Sendable, Equatable {
    case key(String)
    case prefix(String)

    /// Returns true when the key is in the range.
    package func contains(_ key: String) -> Bool {
        switch self {
        case .key(let only): key == only
        case .prefix(let prefix): key.utf8.starts(with: prefix.utf8)
        }
    }

    /// First key of the range.
    var start: [UInt8] {
        switch self {
        case .key(let key): Array(key.utf8)
        case .prefix(let prefix): prefix.isEmpty ? [0] : Array(prefix.utf8)
        }
    }

    /// First key after the range, `nil` for a single key; `[0]` is etcd's word for "no end".
    var end: [UInt8]? {
        guard case .prefix(let prefix) = self else { return nil }
        var bytes = Array(prefix.utf8)
        while let last = bytes.popLast() {
            if last < 0xff { return bytes + [last + 1] }
        }
        return [0]
    }
}
