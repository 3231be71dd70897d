/// Source of user-data.
enum DataSource: Sendable, Hashable {
    case file(String)
    /// A directory that is, or becomes, the mount point of a config drive.
    case configDrive(String)
    case url(String)
    /// The URL that the kernel's command line names.
    case kernelCommandLine

    /// The name for messages.
    var name: String {
        switch self {
        case .file(let path): path
        case .configDrive(let directory): "the config drive \(directory)"
        case .url(let url): url
        case .kernelCommandLine: "cloud-config-url= in /proc/cmdline"
        }
    }
}

/// Reads user-data from every source at once: the first that has some wins.
struct SourceSearch: Sendable {
    let system: System
    /// Limit of the search.
    var limit = Duration.seconds(300)

    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(30)

    /// Result of reading a source.
    private enum Finding: Sendable {
        case found(UserData)
        /// It will have nothing later either.
        case failed(NodeSetupError)
        case outOfTime
    }

    func userData(from sources: [DataSource]) async throws(NodeSetupError) -> UserData {
        guard !sources.isEmpty else { throw NodeSetupError(.usage, CloudInitOptions.sourceNeeded) }
        let finding = await withTaskGroup(of: Finding.self) { group in
            for source in sources { group.addTask { await look(in: source) } }
            group.addTask { await pause(limit) ? .outOfTime : .failed(Self.cancelled) }
            var failures: [NodeSetupError] = []
            while failures.count < sources.count, let finding = await group.next() {
                guard case .failed(let error) = finding else {
                    group.cancelAll()
                    return finding
                }
                failures.append(error)
            }
            group.cancelAll()
            return .failed(Self.joined(failures))
        }
        switch finding {
        case .found(let userData): return userData
        case .failed(let error): throw error
        case .outOfTime:
            let names = sources.map(\.name).joined(separator: ", ")
            throw NodeSetupError(
                .userData,
                "No datasources available in time",
                cause: "\(limit.components.seconds) s for \(names)"
            )
        }
    }

    private static let cancelled = NodeSetupError(.userData, "the search was ended")

    private static func joined(_ failures: [NodeSetupError]) -> NodeSetupError {
        guard failures.count > 1 else { return failures.first ?? cancelled }
        let causes = failures.map { "\n  \($0)" }.sorted().joined()
        return NodeSetupError(.userData, "no source has user-data", cause: causes)
    }

    /// Polls a source whose user-data may still arrive.
    private func look(in source: DataSource) async -> Finding {
        var wait = Self.firstPause
        while true {
            do {
                if let userData = try await read(source) { return .found(userData) }
            } catch {
                return .failed(error)
            }
            guard await pause(wait) else { return .failed(Self.cancelled) }
            wait = min(wait * 2, Self.longestPause)
        }
    }

    /// Nil when there is nothing yet.
    private func read(_ source: DataSource) async throws(NodeSetupError) -> UserData? {
        switch source {
        case .file(let path): return try UserData(file: path)
        case .configDrive(let directory): return try UserData(configDrive: directory)
        case .url(let url): return try await fetched(url)
        case .kernelCommandLine:
            guard let url = Self.url(inCommandLine: try system.files.readText("/proc/cmdline") ?? "") else {
                throw NodeSetupError(.userData, "the kernel's command line names no cloud-config-url")
            }
            return try await fetched(url)
        }
    }

    private func fetched(_ url: String) async throws(NodeSetupError) -> UserData {
        let bytes = try await WebFetch(system: system).retrying(url)
        return try UserData(unpacking: bytes, file: url)
    }

    /// The last URL counts; `cloud_config_url` is taken as well, and one without a value is not.
    static func url(inCommandLine text: String) -> String? {
        text.split(whereSeparator: \.isWhitespace).compactMap { word -> String? in
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0] == "cloud-config-url" || parts[0] == "cloud_config_url" else {
                return nil
            }
            return String(parts[1])
        }.last
    }
}

/// Waits, unless the task is cancelled first.
func pause(_ time: Duration) async -> Bool {
    do {
        try await Task.sleep(for: time)
        return true
    } catch {
        return false
    }
}
