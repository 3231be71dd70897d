import Logging
import NIOCore

extension ProxyCore {
    /// Takes a new connection on; called before it is active.
    func accept(_ channel: any Channel) throws {
        let relay = RelayHandler(client: configuration.mode == .readonly ? SharedFilter() : nil)
        try channel.pipeline.syncOperations.addHandler(relay)
        let client = ProxyClient(channel, relay)
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.ended(client) }
        guard !isStopping else { return channel.close(promise: nil) }
        if clients.count >= configuration.connections, let other = clients.leastWorth {
            clients.remove(other)
            other.close()
        }
        clients.add(client)
        relay.firstCame = { self.spoke(client) }
        loop.scheduleTask(in: TimeAmount(configuration.silenceLimit)) {
            if self.clients.contains(client), !client.hasSpoken { client.close() }
        }
        // The first turn of the loop after this one finds the connection active.
        loop.execute { self.begin(client) }
    }

    private func begin(_ client: ProxyClient) {
        guard clients.contains(client) else { return }
        channelReads(client)
    }

    /// A client has asked for something. Whoever only connects costs no member a connection: in each of etcd's
    /// protocols it is the client that begins.
    private func spoke(_ client: ProxyClient) {
        client.hasSpoken = true
        loop.scheduleTask(in: TimeAmount(configuration.patience)) { self.giveUp(client) }
        connect(client)
    }

    private func channelReads(_ client: ProxyClient) {
        client.channel.setOption(.autoRead, value: true).whenFailure { [channel = client.channel] _ in
            channel.close(promise: nil)
        }
    }

    func connect(_ client: ProxyClient) {
        guard clients.contains(client), client.upstream == nil else { return }
        guard table.isReady, !table.isInDoubt else { return clients.wait(client) }
        let dial = HedgedDial(
            table.candidates(),
            on: loop,
            configuration,
            failed: { self.perform(self.table.dialFailed($0)) },
            finish: { self.dialed(client, $0) },
        )
        client.dial = dial
        dial.start()
    }

    private func dialed(_ client: ProxyClient, _ found: (any Channel, Endpoint)?) {
        client.dial = nil
        guard let (channel, endpoint) = found else {
            loop.scheduleTask(in: .milliseconds(100)) { self.connect(client) }
            return
        }
        guard clients.contains(client) else { return channel.close(promise: nil) }
        if table.isInDoubt {
            channel.close(promise: nil)
            return clients.wait(client)
        }
        client.upstream = (channel, endpoint)
        let relay = RelayHandler(server: client.relay.filter)
        relay.endedFirst = { self.perform(self.table.connectionLost()) }
        do {
            try channel.pipeline.syncOperations.addHandler(relay)
        } catch {
            return client.close()
        }
        client.answers = relay
        RelayHandler.join(client.relay, relay)
        channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
    }

    /// No member could be reached for as long as a client waits.
    private func giveUp(_ client: ProxyClient) {
        guard clients.contains(client), client.upstream == nil else { return }
        client.dial?.cancel()
        clients.remove(client)
        // A client that speaks TLS cannot read plain text.
        if tls != nil { return client.close() }
        client.relay.reject(with: Self.noMember)
    }

    private func ended(_ client: ProxyClient) {
        client.dial?.cancel()
        clients.remove(client)
    }

    func disconnect(_ endpoint: Endpoint, _ reason: String) {
        let affected = clients.connected(to: endpoint)
        guard !affected.isEmpty else { return }
        logger.info("closing \(affected.count) connections to \(endpoint): \(reason)")
        for client in affected { client.close() }
    }

    /// Response of etcd v2's own proxy.
    private static let noMember: String = {
        let body = "{\"message\":\"httpproxy: zero endpoints currently available\"}"
        return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }()
}
