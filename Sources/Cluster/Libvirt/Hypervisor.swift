/// libvirt at one URI: a few connections, so that calls about different domains run side by side.
///
/// Connections are opened when first needed, and a broken one is thrown away: the next call opens another.
package actor Hypervisor {
    /// libvirt's URI.
    package nonisolated let uri: String
    private let limit: Int
    private var idle: [Connection] = []
    /// Connections that are lent, or being opened.
    private var lent = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false

    /// - Parameters:
    ///   - uri: libvirt's URI, such as `lxc:///system`.
    ///   - connections: how many calls may run at once. libvirtd has 20 workers; and a `test:///file` driver is private
    ///     to its connection, so that only 1 makes sense there.
    package init(uri: String, connections: Int = 8) {
        self.uri = uri
        limit = max(1, connections)
    }

    /// Runs calls on one connection.
    ///
    /// - Parameter body: synchronous, since libvirt's calls block and its errors belong to the thread. It runs on the
    ///   connection's own thread; handles of domains and networks stay inside it.
    package func run<Value: Sendable>(
        _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Value
    ) async throws(LibvirtError) -> Value {
        let connection = try await take()
        do {
            let value = try await connection.perform(body)
            await giveBack(connection)
            return value
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// Every change of any domain's state from now on; ends when the connection breaks.
    package func domainEvents() async throws(LibvirtError) -> AsyncStream<DomainEvent> {
        try await run { connection throws(LibvirtError) in try connection.domainEvents() }
    }

    /// Names of networks as they change, from now on; ends when the connection breaks.
    package func networkEvents() async throws(LibvirtError) -> AsyncStream<String> {
        try await run { connection throws(LibvirtError) in try connection.networkEvents() }
    }

    /// Closes the connections; those that are lent are closed when their calls end.
    package func close() async {
        isClosed = true
        let open = idle
        idle = []
        for connection in open { await connection.close() }
    }

    private func take() async throws(LibvirtError) -> Connection {
        while lent >= limit {
            await withCheckedContinuation { waiting.append($0) }
        }
        lent += 1
        // The last one used first: the event stream's connection is used like any other, and idle ones stay idle.
        while let connection = idle.popLast() {
            if await connection.isAlive { return connection }
            await connection.close()
        }
        do {
            return try await Connection.open(uri: uri)
        } catch {
            release()
            throw error
        }
    }

    private func giveBack(_ connection: Connection) async {
        if !isClosed, await connection.isAlive {
            idle.append(connection)
        } else {
            await connection.close()
        }
        release()
    }

    private func release() {
        lent -= 1
        if !waiting.isEmpty { waiting.removeFirst().resume() }
    }
}

extension Connection {
    fileprivate func perform<Value: Sendable>(
        _ body: @Sendable (isolated Connection) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value {
        try body(self)
    }
}
