extension Gateway {
    struct TransactionBody: Encodable, Sendable {
        var compare: [ComparisonBody]
        var success: [OperationBody]
        var failure: [OperationBody]

        init(_ transaction: Transaction) {
            compare = transaction.conditions.map(ComparisonBody.init)
            success = transaction.success.map(OperationBody.init)
            failure = transaction.failure.map(OperationBody.init)
        }
    }

    struct ComparisonBody: Encodable, Sendable {
        var key: Base64Bytes
        var result: String
        var target: String
        var value: Base64Bytes?
        var version: Number?
        var create_revision: Number?
        var mod_revision: Number?
        var lease: Number?

        init(_ comparison: Comparison) {
            key = Base64Bytes(Array(comparison.key.utf8))
            result = comparison.relation.rawValue
            switch comparison.target {
            case .value(let bytes): (target, value) = ("VALUE", Base64Bytes(bytes))
            case .version(let number): (target, version) = ("VERSION", Number(number))
            case .createRevision(let number): (target, create_revision) = ("CREATE", Number(number))
            case .modRevision(let number): (target, mod_revision) = ("MOD", Number(number))
            case .lease(let id): (target, lease) = ("LEASE", Number(id.rawValue))
            }
        }
    }

    struct OperationBody: Encodable, Sendable {
        struct Put: Encodable, Sendable {
            var key: Base64Bytes
            var value: Base64Bytes
            var lease: Number?
        }

        struct Delete: Encodable, Sendable {
            var key: Base64Bytes
            var range_end: Base64Bytes?
        }

        var request_put: Put?
        var request_delete_range: Delete?
        var request_range: RangeBody?

        init(_ operation: Operation) {
            switch operation {
            case .put(let key, let value, let lease):
                let id = lease.map { Number($0.rawValue) }
                request_put = Put(key: Base64Bytes(Array(key.utf8)), value: Base64Bytes(value), lease: id)
            case .delete(let range):
                request_delete_range = Delete(key: Base64Bytes(range.start), range_end: range.end.map(Base64Bytes.init))
            case .range(let request):
                request_range = RangeBody(request)
            }
        }
    }

    struct TransactionAnswer: Decodable, Sendable {
        struct Deleted: Decodable, Sendable {
            var deleted: Number?
        }

        struct Result: Decodable, Sendable {
            var response_put: Empty?
            var response_delete_range: Deleted?
            var response_range: RangeAnswer?

            var value: OperationResult {
                if let response_range { return .range(response_range.value) }
                if let response_delete_range { return .delete(count: response_delete_range.deleted?.value ?? 0) }
                return .put
            }
        }

        var header: Header?
        var succeeded: Bool?
        var responses: [Result]?

        var value: TransactionResponse {
            TransactionResponse(
                revision: header?.revision?.value ?? 0,
                succeeded: succeeded ?? false,
                results: (responses ?? []).map(\.value),
            )
        }
    }
}
