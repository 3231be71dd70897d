import NodePrograms

/// Reads a URL by the system's curl, as often as it takes.
struct WebFetch: Sendable {
    let system: System

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
                if attempt == 1 { system.say("\(last); trying again") }
            }
            guard attempt < Self.tries, await pause(wait) else { break }
            wait = min(wait * 2, Self.longestPause)
        }
        throw NodeSetupError(.userData, "\(last.message) after \(Self.tries) tries", cause: last.cause)
    }

    private func get(_ url: String) async throws(WebFailure) -> [UInt8] {
        guard ["http://", "https://"].contains(where: url.lowercased().hasPrefix) else {
            throw WebFailure("\(url) is not an http:// or https:// URL", mayPass: false)
        }
        let output = try await curl(url)
        guard output.exitCode == 0 else {
            let reason = output.standardError.isEmpty ? "curl failed (\(output.exitCode))" : output.standardError
            throw WebFailure(reason, mayPass: !Self.lastingFailures.contains(output.exitCode))
        }
        // What --write-out adds.
        let status = Int(String(decoding: output.standardOutput.suffix(Self.statusDigits), as: UTF8.self)) ?? 0
        guard (200..<300).contains(status) else {
            throw WebFailure("the server answered with HTTP status \(status)", mayPass: !(400..<500).contains(status))
        }
        return Array(output.standardOutput.dropLast(Self.statusDigits))
    }

    private static let statusDigits = 3

    /// Exit codes (curl(1), EXIT CODES): unsupported protocol, malformed URL, too many redirects, larger than allowed.
    private static let lastingFailures: Set<Int32> = [1, 3, 47, 63]

    private func curl(_ url: String) async throws(WebFailure) -> ProgramOutput {
        let arguments = [
            "--silent", "--show-error", "--location", "--max-redirs", "\(Self.redirects)", "--proto", "=http,https",
            "--max-time", "\(Self.secondsPerTry)", "--max-filesize", "\(UserData.limit)",
            "--user-agent", "coreos-cloudinit/\(CloudInit.version)", "--write-out", "%{response_code}", "--", url,
        ]
        do {
            return try await system.read("curl", arguments, UserData.limit + Self.statusDigits)
        } catch {
            throw WebFailure("URLs need the program curl: \(error)", mayPass: false)
        }
    }
}

/// Reason why a URL could not be read, and whether it may be different the next time.
struct WebFailure: Error, Sendable, Hashable {
    var message: String
    var mayPass: Bool

    init(_ message: String, mayPass: Bool = true) {
        self.message = message
        self.mayPass = mayPass
    }
}
