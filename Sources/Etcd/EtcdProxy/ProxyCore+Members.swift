import Logging
import NIOCore

/// State of the reading of the member list.
struct RefreshState {
    var isRunning = false
}

extension ProxyCore {
    // MARK: The member list

    func refreshRegularly() {
        let pause: TimeAmount = table.hasLearned ? TimeAmount(configuration.refreshInterval) : .milliseconds(250)
        loop.scheduleTask(in: pause) {
            if self.isStopping { return }
            self.refresh()
            self.refreshRegularly()
        }
    }

    /// Asks all peers at once until a list was had, then one after the other, best first.
    func refresh() {
        guard !refreshing.isRunning, !isStopping else { return }
        refreshing.isRunning = true
        if let discovery = configuration.discovery, !table.hasLearned, !hasMemory { return discover(discovery) }
        let peers = table.peers.map { ($0, "/members") }
        let clients = table.endpoints.filter { table.isAlive($0) == true }.map { ($0, "/v2/members") }
        if table.hasLearned {
            ask((peers + clients)[...])
        } else {
            askAll(peers)
        }
    }

    /// Reads the members from discovery, again and again until a member has given the list itself.
    private func discover(_ discovery: DiscoveryURL) {
        read(discovery, "/_config/size") { size in
            self.read(discovery, "") { listing in
                guard let text = listing,
                    let peers = DiscoveryURL.peers(listing: text, size: size.flatMap(DiscoveryURL.size))
                else { return self.refreshing.isRunning = false }
                self.table.discovered(peers)
                guard !peers.isEmpty else { return self.refreshing.isRunning = false }
                self.askAll(self.table.peers.map { ($0, "/members") })
            }
        }
    }

    /// - Parameter done: is given the text, or nil when there is none.
    private func read(_ discovery: DiscoveryURL, _ path: String, _ done: @escaping (String?) -> Void) {
        let limit = TimeAmount.seconds(5)
        HTTPGet.get(discovery.endpoint, discovery.path + path, on: loop, within: limit, tls: discoveryTLS) { result in
            switch result {
            case .success(let answer) where answer.status == 200:
                self.noteDiscovery(nil)
                done(answer.body)
            case .success(let answer):
                self.noteDiscovery("\(discovery) answers \(answer.status)")
                done(nil)
            case .failure(let error):
                self.noteDiscovery("\(discovery) cannot be read: \(error)")
                done(nil)
            }
        }
    }

    /// Says each new trouble once.
    private func noteDiscovery(_ trouble: String?) {
        if let trouble, trouble != discoveryTrouble { logger.warning("\(trouble); it is asked again until it tells") }
        discoveryTrouble = trouble
    }

    private func ask(_ sources: ArraySlice<(Endpoint, String)>) {
        guard let (endpoint, path) = sources.first, !isStopping else { return refreshing.isRunning = false }
        get(endpoint, path, within: .seconds(1)) { result in
            if self.learn(result) {
                self.refreshing.isRunning = false
            } else {
                self.ask(sources.dropFirst())
            }
        }
    }

    private func askAll(_ sources: [(Endpoint, String)]) {
        var left = sources.count
        for (endpoint, path) in sources {
            get(endpoint, path, within: .seconds(1)) { result in
                left -= 1
                let isFirst = !self.table.hasLearned
                if isFirst { _ = self.learn(result) }
                if left == 0 { self.refreshing.isRunning = false }
            }
        }
    }

    /// False when the answer was no member list.
    private func learn(_ result: Result<HTTPGet.Answer, any Error>) -> Bool {
        guard case .success(let answer) = result, answer.status == 200,
            let members = ProxyMember.list(json: answer.body), !members.isEmpty
        else { return false }
        perform(table.learned(members))
        return true
    }

    // MARK: Signs of life

    func probeRegularly() {
        probeAll()
        let pause: TimeAmount = table.isReady ? TimeAmount(configuration.probeInterval) : .milliseconds(100)
        loop.scheduleTask(in: pause) {
            if !self.isStopping { self.probeRegularly() }
        }
    }

    func probeAll() {
        probeRound += 1
        for (endpoint, connection) in connections where !table.knows(endpoint) {
            connection.close()
            connections[endpoint] = nil
        }
        for endpoint in table.endpoints { probe(endpoint) }
    }

    /// Mostly `/version`, which costs a member nothing: `/health` writes an entry to the cluster's log.
    private func probe(_ endpoint: Endpoint) {
        guard !probing.contains(endpoint) else { return }
        probing.insert(endpoint)
        let asksHealth = table.asksHealth(of: endpoint, round: probeRound)
        let limit = TimeAmount(configuration.probeInterval)
        askMember(endpoint, asksHealth ? "/health" : "/version", within: asksHealth ? limit * 2 : limit) { result in
            self.probing.remove(endpoint)
            self.perform(self.table.probed(endpoint, Self.sign(result, isHealth: asksHealth)))
        }
    }

    /// Asks all members for `/health`, which commits an entry, until one says yes or the time is up.
    func verify(until end: NIODeadline) {
        guard table.isInDoubt, !isStopping else { return }
        guard .now() < end else { return perform(table.verified()) }
        var left = table.endpoints.count
        for endpoint in table.endpoints {
            askMember(endpoint, "/health", within: .milliseconds(500)) { result in
                left -= 1
                if Self.sign(result, isHealth: true) == .health(true) { return self.perform(self.table.verified()) }
                guard left == 0 else { return }
                self.loop.scheduleTask(in: .milliseconds(50)) { self.verify(until: end) }
            }
        }
    }

    private static func sign(_ result: Result<HTTPGet.Answer, any Error>, isHealth: Bool) -> MemberTable.Sign {
        switch result {
        case .success(let answer) where isHealth: .health(answer.status == 200 && answer.body.contains("true"))
        case .success: .alive
        case .failure(HTTPGet.Failure.refused): .refused
        case .failure: .silent
        }
    }

    private func get(
        _ endpoint: Endpoint,
        _ path: String,
        within limit: TimeAmount,
        _ done: @escaping (Result<HTTPGet.Answer, any Error>) -> Void,
    ) {
        HTTPGet.get(endpoint, path, on: loop, within: limit, tls: tls) { result in
            self.noteTrust(in: endpoint, result)
            done(result)
        }
    }

    /// Asks over the connection that is kept for that.
    private func askMember(
        _ endpoint: Endpoint,
        _ path: String,
        within limit: TimeAmount,
        _ done: @escaping (Result<HTTPGet.Answer, any Error>) -> Void,
    ) {
        let connection = connections[endpoint] ?? MemberConnection(endpoint, on: loop, tls: tls)
        connections[endpoint] = connection
        connection.get(path, within: limit) { result in
            self.noteTrust(in: endpoint, result)
            done(result)
        }
    }

    /// Logs a certificate that is not accepted, which would otherwise appear as a member that is away.
    private func noteTrust(in endpoint: Endpoint, _ result: Result<HTTPGet.Answer, any Error>) {
        if case .failure(HTTPGet.Failure.distrusted(let why)) = result {
            if distrusted.insert(endpoint).inserted { logger.warning("TLS with \(endpoint) fails: \(why)") }
        } else if case .success = result {
            distrusted.remove(endpoint)
        }
    }
}
