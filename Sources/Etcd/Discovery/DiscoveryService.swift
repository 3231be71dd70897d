/// The protocol's state, kept on disk, and those who wait for a change of it.
package actor DiscoveryService {
    private var store: DiscoveryStore
    private let files: DiscoveryFiles
    private var generator = SystemRandomNumberGenerator()
    private var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var lastWaiter: UInt64 = 0

    /// Reads the state kept in a directory, which is made when it is missing.
    package init(directory: String) throws(DiscoveryError) {
        files = DiscoveryFiles(directory: directory)
        store = DiscoveryStore(try files.load())
    }

    /// Makes a token known that was chosen elsewhere; one that is known stays as it is.
    package func create(_ token: DiscoveryToken, size: Int) throws(DiscoveryError) {
        if let cluster = store.create(token, size: size) { try files.save(token, cluster) }
    }

    /// Answers at once, or as soon as there is what was waited for.
    package func respond(to request: DiscoveryRequest) async throws -> DiscoveryResponse {
        while true {
            var next = store
            switch next.respond(to: request, fresh: .random(using: &generator)) {
            case .answer(let response):
                return response
            case .store(let token, let cluster, let response):
                // What cannot be kept has not happened.
                try files.save(token, cluster)
                store = next
                wakeAll()
                return response
            case .wait:
                try await change()
            }
        }
    }

    /// Number of requests that wait for a registration.
    package var waiters: Int { waiting.count }

    private func wakeAll() {
        for waiter in waiting.values { waiter.resume() }
        waiting = [:]
    }

    private func change() async throws {
        lastWaiter += 1
        let number = lastWaiter
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume() }
                waiting[number] = continuation
            }
        } onCancel: {
            Task { await self.wake(number) }
        }
        try Task.checkCancellation()
    }

    private func wake(_ number: UInt64) { waiting.removeValue(forKey: number)?.resume() }
}
