extension Gateway {
    struct RangeBody: Encodable, Sendable {
        var key: Base64Bytes
        var range_end: Base64Bytes?
        var revision: Number?
        var limit: Number?
        var keys_only: Bool?
        var serializable: Bool?

        init(_ request: RangeRequest) {
            key = Base64Bytes(request.range.start)
            range_end = request.range.end.map(Base64Bytes.init)
            revision = request.revision == 0 ? nil : Number(request.revision)
            limit = request.limit == 0 ? nil : Number(request.limit)
            keys_only = request.keysOnly ? true : nil
            serializable = request.serializable ? true : nil
        }
    }

    struct RangeAnswer: Decodable, Sendable {
        var header: Header?
        var kvs: [KeyValueAnswer]?
        var count: Number?

        var value: RangeResponse {
            RangeResponse(
                revision: header?.revision?.value ?? 0,
                keyValues: (kvs ?? []).map(\.value),
                count: count?.value ?? 0,
            )
        }
    }

    struct KeyValueAnswer: Decodable, Sendable {
        var key: Base64Bytes
        var value_: Base64Bytes?
        var create_revision: Number?
        var mod_revision: Number?
        var version: Number?
        var lease: Number?

        enum CodingKeys: String, CodingKey {
            case key, create_revision, mod_revision, version, lease
            case value_ = "value"
        }

        var value: KeyValue {
            KeyValue(
                key: key.text,
                value: value_?.bytes ?? [],
                createRevision: create_revision?.value ?? 0,
                modRevision: mod_revision?.value ?? 0,
                version: version?.value ?? 0,
                lease: lease.map { LeaseID($0.value) },
            )
        }
    }
}

extension Gateway {
    struct WatchBody: Encodable, Sendable {
        struct Create: Encodable, Sendable {
            var key: Base64Bytes
            var range_end: Base64Bytes?
            var start_revision: Number?
            var progress_notify = true
        }

        var create_request: Create

        init(_ range: KeyRange, from revision: Int64) {
            create_request = Create(
                key: Base64Bytes(range.start),
                range_end: range.end.map(Base64Bytes.init),
                start_revision: revision == 0 ? nil : Number(revision),
            )
        }
    }
}
