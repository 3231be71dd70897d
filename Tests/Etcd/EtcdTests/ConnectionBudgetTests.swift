import ConnectionLimits
import NIOCore
import NIOPosix
import Synchronization
import TestKit
import Testing

/// Who may connect, who gives its place away, and who may take how long; on real sockets.
@Suite(.timeLimit(.minutes(5))) struct ConnectionBudgetTests {
    /// More time than the tests have: where stages do not matter, a test that gets no processor for ten seconds must
    /// not lose its connections to them.
    private static let patient = ConnectionBudget.Limits(head: .hours(1), body: .hours(1))

    /// Connections as the server got them.
    private final class Accepted: Sendable {
        private let channels = Mutex<[any Channel]>([])

        func append(_ channel: any Channel) { channels.withLock { $0.append(channel) } }

        /// Waits for the first connections; each is taken a moment before it is active.
        func wait(for count: Int) async throws -> [any Channel] {
            try await eventually("\(count) connections are taken") { channels.withLock { $0.count } >= count }
            return channels.withLock { $0 }
        }
    }

    private func listen(_ budget: ConnectionBudget, _ body: (Int, Accepted) async throws -> Void) async throws {
        let accepted = Accepted()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionGate(budget))
                }
            }
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                accepted.append(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(server.localAddress?.port ?? 0, accepted)
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    @Test func theOldestSilentOneGivesItsPlaceAway() async throws {
        let budget = ConnectionBudget(2, Self.patient)
        try await listen(budget) { port, accepted in
            let first = try await IdleCrowd.gather(2, on: port)
            let channels = try await accepted.wait(for: 2)
            budget.began(.answer, on: channels[0])
            let second = try await IdleCrowd.gather(1, on: port)
            try await channels[1].closeFuture.get()
            #expect(channels[0].isActive)
            let newcomer = try await accepted.wait(for: 3)[2]
            try await eventually("the newcomer is served") { newcomer.isActive }
            #expect(budget.count == 2)
            withExtendedLifetime([first, second]) {}
        }
    }

    @Test func whoIsBeingAnsweredKeepsItsPlaceAndOthersWait() async throws {
        let budget = ConnectionBudget(2, Self.patient)
        try await listen(budget) { port, accepted in
            let first = try await IdleCrowd.gather(2, on: port)
            for channel in try await accepted.wait(for: 2) { budget.began(.answer, on: channel) }
            // The listener may have asked for one more by now: that one is closed, and no other.
            let second = try await IdleCrowd.gather(3, on: port)
            #expect(budget.count <= 2)
            let busy = try await accepted.wait(for: 2)
            try await eventually("both are served") { busy[0].isActive && busy[1].isActive }
            budget.began(.idle, on: busy[0])
            try await busy[0].closeFuture.get()
            #expect(busy[1].isActive)
            withExtendedLifetime([first, second]) {}
        }
    }

    @Test func aCrowdOfOnePeerTakesNoOthersPlace() async throws {
        let budget = ConnectionBudget(10, Self.patient)
        try await listen(budget) { port, accepted in
            let other = try await IdleCrowd.gather(1, on: port, from: "127.0.0.3")
            let own = try await accepted.wait(for: 1)[0]
            let crowd = try await IdleCrowd.gather(100, on: port, from: "127.0.0.2")
            _ = try await accepted.wait(for: 101)
            #expect(own.isActive)
            #expect(budget.count == 10)
            withExtendedLifetime([other, crowd]) {}
        }
    }

    @Test(arguments: [ConnectionBudget.Stage.head, .body]) func eachStageHasItsTime(
        _ stage: ConnectionBudget.Stage
    ) async throws {
        let budget = ConnectionBudget(10, .init(head: .milliseconds(50), body: .milliseconds(50)))
        try await listen(budget) { port, accepted in
            let client = try await IdleCrowd.gather(1, on: port)
            let channel = try await accepted.wait(for: 1)[0]
            budget.began(stage, on: channel)
            try await channel.closeFuture.get()
            #expect(budget.count == 0)
            withExtendedLifetime(client) {}
        }
    }
}
