import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The connections of one listener: how many there are, whose they are, and how long each may take for what it does.
///
/// A client that comes when there are as many connections as there may be takes the place of one that waits or says
/// nothing: the oldest of the peer that has most. Connections whose request is being answered keep their place; while
/// there are only such, clients wait in the kernel. Each listener has a budget of its own, so that the network cannot
/// lock out a unix socket.
package final class ConnectionBudget: Sendable {
    /// Stage of a connection.
    package enum Stage: Sendable {
        /// Its handshake and the head of its first request.
        case head
        /// The body of a request.
        case body
        /// An answer.
        case answer
        /// An answer that comes when something happens: it may take any time, and gives its place away.
        case wait
        /// Nothing, until its next request.
        case idle
    }

    /// Time limits of the stages.
    package struct Limits: Sendable {
        var head = TimeAmount.seconds(10)
        var body = TimeAmount.seconds(30)
        var answer = TimeAmount.seconds(90)
        var idle = TimeAmount.seconds(60)

        package init(head: TimeAmount = .seconds(10), body: TimeAmount = .seconds(30)) {
            self.head = head
            self.body = body
        }

        subscript(stage: Stage) -> TimeAmount? {
            switch stage {
            case .head: head
            case .body: body
            case .answer: answer
            case .wait: nil
            case .idle: idle
            }
        }
    }

    private struct Connection {
        var channel: any Channel
        var peer: String
        /// Counts up.
        var number: Int
        var stage: Stage
        var deadline: Scheduled<Void>?
    }

    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        /// By peer, how many of its connections may be closed for a newcomer.
        var expendable: [String: Int] = [:]
        var answering = 0
        var arrivals = 0
        /// Lets the listener go on that was held back.
        var goOn: (@Sendable () -> Void)?

        mutating func count(_ connection: Connection, by change: Int) {
            guard connection.stage != .answer else { return answering += change }
            let count = expendable[connection.peer, default: 0] + change
            expendable[connection.peer] = count > 0 ? count : nil
        }
    }

    /// Connections of a listener, unless the process may have too few descriptors for that: it needs the others for
    /// what it asks itself, and for files.
    package static let standard: Int = {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 64 }
        return max(16, min(512, (Int(clamping: limit.rlim_cur) - 128) / 4))
    }()

    /// Clients that wait in the kernel, which grants at most `net.core.somaxconn`: as many, as Go's listeners have it.
    /// One that finds the queue full is dropped, and asks again only after seconds.
    package static let backlog: Int32 = 4_096

    private let maximum: Int
    private let limits: Limits
    private let state = Mutex(State())

    /// - Parameter maximum: how many connections are open at a time.
    package init(_ maximum: Int = ConnectionBudget.standard, _ limits: Limits = Limits()) {
        self.maximum = maximum
        self.limits = limits
    }

    /// Number of open connections.
    package var count: Int { state.withLock { $0.connections.count } }

    /// Notes what a connection does from now on, for which it has the time of that stage.
    package func began(_ stage: Stage, on channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let deadline = limits[stage].map { limit in
            channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
        }
        let (obsolete, goOn) = state.withLock { state -> (Scheduled<Void>?, (@Sendable () -> Void)?) in
            guard var connection = state.connections[id] else { return (deadline, nil) }
            let before = connection.deadline
            state.count(connection, by: -1)
            connection.stage = stage
            connection.deadline = deadline
            state.count(connection, by: 1)
            state.connections[id] = connection
            return (before, room(&state))
        }
        obsolete?.cancel()
        goOn?()
    }

    // MARK: The listener's side

    /// Returns whether one more connection may be taken; otherwise calls `goOn` once that is so.
    func mayAccept(orElse goOn: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            if state.answering < maximum { return true }
            state.goOn = goOn
            return false
        }
    }

    /// Counts a connection until it is closed, and closes another one for it where there are too many.
    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let deadline = channel.eventLoop.scheduleTask(in: limits.head) { channel.close(promise: nil) }
        let victim = state.withLock { state -> Connection? in
            state.arrivals += 1
            let connection = Connection(
                channel: channel,
                peer: channel.remoteAddress?.ipAddress ?? "",
                number: state.arrivals,
                stage: .head,
                deadline: deadline,
            )
            state.connections[id] = connection
            state.count(connection, by: 1)
            guard state.connections.count > maximum, let victim = Self.victim(state) else { return nil }
            return remove(victim, &state)
        }
        victim?.deadline?.cancel()
        victim?.channel.close(promise: nil)
        channel.closeFuture.whenComplete { [self] _ in
            let (ended, goOn) = state.withLock { state in (remove(id, &state), room(&state)) }
            ended?.deadline?.cancel()
            goOn?()
        }
    }

    /// The oldest connection that may be closed, of the peer that has most of them.
    private static func victim(_ state: State) -> ObjectIdentifier? {
        guard let peer = state.expendable.max(by: { $0.value < $1.value })?.key else { return nil }
        return state.connections.lazy
            .filter { $0.value.stage != .answer && $0.value.peer == peer }
            .min { $0.value.number < $1.value.number }?.key
    }

    private func remove(_ id: ObjectIdentifier, _ state: inout State) -> Connection? {
        guard let connection = state.connections.removeValue(forKey: id) else { return nil }
        state.count(connection, by: -1)
        return connection
    }

    /// The listener that was held back, if it may go on.
    private func room(_ state: inout State) -> (@Sendable () -> Void)? {
        guard state.answering < maximum else { return nil }
        defer { state.goOn = nil }
        return state.goOn
    }
}

/// Keeps a listening socket to its budget. It belongs into the listening channel's pipeline, and the channel takes one
/// connection at a time (`maxMessagesPerRead`).
package final class ConnectionGate: ChannelDuplexHandler {
    /// A connection that was taken.
    package typealias InboundIn = any Channel
    /// The same connection.
    package typealias InboundOut = any Channel
    /// Nothing is written to a listening socket.
    package typealias OutboundIn = Never
    /// Nothing is written to a listening socket.
    package typealias OutboundOut = Never

    private let budget: ConnectionBudget

    package init(_ budget: ConnectionBudget) { self.budget = budget }

    /// Takes the next connection once the budget allows one.
    package func read(context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let loop = context.eventLoop
        let mayAccept = budget.mayAccept { loop.execute { bound.value.read() } }
        if mayAccept { context.read() }
    }

    /// Counts the connection in.
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        budget.add(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }
}
