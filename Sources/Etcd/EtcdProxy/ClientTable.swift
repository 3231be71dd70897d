import NIOCore

/// One client's connection, from its acceptance to its end.
final class ProxyClient {
    let channel: any Channel
    let relay: RelayHandler
    /// The member's side of the relay.
    var answers: RelayHandler?
    /// True once it has sent a request.
    var hasSpoken = false
    /// The connection to a member, once there is one.
    var upstream: (channel: any Channel, endpoint: Endpoint)?
    var dial: HedgedDial?

    init(_ channel: any Channel, _ relay: RelayHandler) {
        self.channel = channel
        self.relay = relay
    }

    var id: ObjectIdentifier { ObjectIdentifier(self) }

    /// The client that has least to lose is the smallest: a greeting or one answer is no conversation, and who was
    /// silent for long is less likely to be there.
    var worth: (Int, NIODeadline) {
        (min(answers?.reads ?? 0, 3), max(relay.lastRead, answers?.lastRead ?? relay.lastRead))
    }

    func close() {
        dial?.cancel()
        channel.close(promise: nil)
        upstream?.channel.close(promise: nil)
    }
}

/// The clients that are connected.
struct ClientTable {
    private var clients: [ObjectIdentifier: ProxyClient] = [:]
    /// Those that came before any member answered.
    private var waiting: [ProxyClient] = []

    var count: Int { clients.count }
    var isEmpty: Bool { clients.isEmpty }

    func contains(_ client: ProxyClient) -> Bool { clients[client.id] != nil }

    mutating func add(_ client: ProxyClient) { clients[client.id] = client }
    mutating func wait(_ client: ProxyClient) { waiting.append(client) }

    /// The client that gives its place to a newcomer.
    var leastWorth: ProxyClient? { clients.values.min { $0.worth < $1.worth } }

    mutating func remove(_ client: ProxyClient) {
        clients[client.id] = nil
        waiting.removeAll { $0 === client }
    }

    mutating func takeWaiting() -> [ProxyClient] {
        defer { waiting = [] }
        return waiting
    }

    func connected(to endpoint: Endpoint) -> [ProxyClient] {
        clients.values.filter { $0.upstream?.endpoint == endpoint }
    }

    func closeAll() {
        for client in clients.values { client.close() }
    }
}
