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

/// A read of one key or a prefix.
package struct RangeRequest: Sendable, Equatable {
    /// Keys to read.
    package var range: KeyRange
    /// Read the store as it was at this revision; 0 is now.
    package var revision: Int64
    /// At most this many keys; 0 is all.
    package var limit: Int64
    /// Leave the values out.
    package var keysOnly: Bool
    /// Answer from the endpoint's own copy, which may be old, without asking the leader.
    package var serializable: Bool

    package init(
        _ range: KeyRange,
        revision: Int64 = 0,
        limit: Int64 = 0,
        keysOnly: Bool = false,
        serializable: Bool = false,
    ) {
        self.range = range
        self.revision = revision
        self.limit = limit
        self.keysOnly = keysOnly
        self.serializable = serializable
    }
}

/// Result of a read, in order of the keys.
package struct RangeResponse: Sendable, Equatable {
    /// The store's revision when it was read; a watch from the next one misses nothing.
    package var revision: Int64
    /// Keys found, in the order of the request.
    package var keyValues: [KeyValue]
    /// All keys of the range, also those beyond the limit.
    package var count: Int64

    package init(revision: Int64, keyValues: [KeyValue], count: Int64) {
        self.revision = revision
        self.keyValues = keyValues
        self.count = count
    }
}
