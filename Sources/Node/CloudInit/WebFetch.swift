import Dispatch
import Synchronization

/// Reads a URL, as often as it takes.
///
/// Plain HTTP is spoken here; for HTTPS and its certificates the machine's curl does it: a TLS library would make this
/// program, which is in every node image, twice as large.
struct WebFetch: Sendable {
    let machine: Machine

    private static let tries = 15
    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(5)
    private static let secondsPerTry = 30
    private static let redirects = 10

    /// - Throws: at once for an answer that will not change (4xx), or after the last try.
    func retrying(_ url: String) async throws(NodeSetupError) -> [UInt8] {
        var wait = Self.firstPause
        var last = NodeSetupError(.userData, "cannot read \(url)")
        for attempt in 1...Self.tries {
            do {
                return try await get(url)
            } catch {
                last = NodeSetupError(.userData, "cannot read \(url)", cause: error.message)
                guard error.mayPass else { throw last }
                if attempt == 1 { machine.say("\(last); trying again") }
            }
            guard attempt < Self.tries, await pause(wait) else { break }
            wait = min(wait * 2, Self.longestPause)
        }
        throw NodeSetupError(.userData, "\(last.message) after \(Self.tries) tries", cause: last.cause)
    }

    private func get(_ url: String) async throws(WebFailure) -> [UInt8] {
        var address = url
        for _ in 0...Self.redirects {
            if address.lowercased().hasPrefix("https://") { return try await curl(address) }
            guard let target = WebAddress(address) else {
                throw WebFailure("\(address) is no http:// or https:// URL", mayPass: false)
            }
            switch try await answer(to: target) {
            case .content(let bytes): return bytes
            case .moved(let location): address = target.resolved(location)
            }
        }
        throw WebFailure("it leads from one URL to another without end", mayPass: false)
    }

    /// On a thread of its own: a name or a server may take its time.
    private func answer(to target: WebAddress) async throws(WebFailure) -> HTTPExchange.Outcome {
        let isCancelled = Flag()
        let result: Result<HTTPExchange.Outcome, WebFailure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    let deadline = ContinuousClock.now + .seconds(Self.secondsPerTry)
                    let exchange = HTTPExchange(target, deadline: deadline) { isCancelled.isSet }
                    continuation.resume(returning: exchange.run())
                }
            }
        } onCancel: {
            isCancelled.set()
        }
        return try result.get()
    }

    private func curl(_ url: String) async throws(WebFailure) -> [UInt8] {
        let arguments = [
            "--silent", "--show-error", "--fail", "--location", "--max-time", "\(Self.secondsPerTry)", "--max-filesize",
            "\(UserData.limit)", "--", url,
        ]
        do {
            return try await machine.read("curl", arguments, UserData.limit)
        } catch let error as NodeSetupError {
            let text = error.cause ?? error.message
            // curl's words for a status with --fail.
            throw WebFailure(text, mayPass: !text.contains("error: 4"))
        } catch {
            throw WebFailure("https:// needs the program curl: \(error)", mayPass: false)
        }
    }
}

/// Why a URL could not be read, and whether it may be different the next time.
struct WebFailure: Error, Sendable, Hashable {
    var message: String
    var mayPass: Bool

    init(_ message: String, mayPass: Bool = true) {
        self.message = message
        self.mayPass = mayPass
    }
}

/// A flag that threads share.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}
