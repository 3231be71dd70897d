extension Gateway {
    struct WatchBody: Encodable, Sendable {
        struct Create: Encodable, Sendable {
            var key: Base64
            var range_end: Base64?
            var start_revision: Number?
            var progress_notify = true
        }

        var create_request: Create

        init(_ range: KeyRange, from revision: Int64) {
            create_request = Create(
                key: Base64(range.start),
                range_end: range.end.map(Base64.init),
                start_revision: revision == 0 ? nil : Number(revision),
            )
        }
    }

    struct WatchAnswer: Decodable, Sendable {
        struct Event: Decodable, Sendable {
            var type: String?
            var kv: KeyValueAnswer

            var value: KeyEvent {
                let keyValue = kv.value
                return type == "DELETE" ? .delete(key: keyValue.key, revision: keyValue.modRevision) : .put(keyValue)
            }
        }

        var header: Header?
        var created: Bool?
        var canceled: Bool?
        var cancel_reason: String?
        var compact_revision: Number?
        var events: [Event]?
    }
}
