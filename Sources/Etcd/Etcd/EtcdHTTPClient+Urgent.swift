import NIOCore

extension EtcdHTTPClient {
    /// Asks one more endpoint, or the same one anew, whenever a quarter of the time has gone by without an answer, and
    /// takes the first that comes: for small requests that may happen twice and must not wait.
    ///
    /// A request that a cut network has swallowed is not answered when the network is whole again; a new one is.
    func urgentCall<Answer: Decodable & Sendable>(
        _ path: String,
        _ body: some Encodable & Sendable,
        as _: Answer.Type = Answer.self,
    ) async throws(EtcdError) -> Answer {
        let bytes = try GatewayCoding.encode(body)
        let first = router.endpoint(mayFail: true)
        let result = await withTaskGroup(of: Try<Answer>.self) { group in
            defer { group.cancelAll() }
            var failures: [EtcdError] = []
            var begun = 0
            func begin() {
                guard !endpoints.isEmpty else { return }
                let index = (first + begun) % endpoints.count
                let left = requestTimeout - requestTimeout / Self.tries * min(begun, Self.tries - 1)
                begun += 1
                group.addTask { await attempt(index, path, bytes, left) }
                group.addTask { await Self.patience(requestTimeout / Self.tries) }
            }
            begin()
            while failures.count < begun, let next = await group.next() {
                switch next {
                case .answer(let answer, let index):
                    router.answered(index)
                    return Result<Answer, EtcdError>.success(answer)
                case .failure(let error, _) where !error.isTransient:
                    return .failure(error)
                case .failure(let error, let index):
                    router.leave(index)
                    failures.append(error)
                    if failures.count == begun, begun < endpoints.count { begin() }
                case .noAnswerYet:
                    if begun < max(Self.tries, endpoints.count) { begin() }
                }
            }
            return .failure(.allFailed(failures, endpoints: endpoints))
        }
        return try result.get()
    }

    private static var tries: Int { 4 }

    private enum Try<Answer: Sendable>: Sendable {
        case answer(Answer, Int)
        case failure(EtcdError, Int)
        case noAnswerYet
    }

    private func attempt<Answer: Decodable & Sendable>(
        _ index: Int,
        _ path: String,
        _ bytes: ByteBuffer,
        _ timeout: Duration,
    ) async -> Try<Answer> {
        do throws(EtcdError) {
            return .answer(try await urgentTransport.post(endpoints[index] + path, bytes, timeout: timeout), index)
        } catch {
            return .failure(error, index)
        }
    }

    private static func patience<Answer>(_ time: Duration) async -> Try<Answer> {
        // A sleep that is cut short ends a wait that is over.
        try? await Task.sleep(for: time)
        return .noAnswerYet
    }
}
