import Basics
import Planning
import Provisioning
import SecureShell
import Synchronization
import TestKit
import Testing
import TopologyModel
import UnitFiles

/// What is said of units that end again and again while `up` waits for them.
@Suite(.timeLimit(.minutes(5))) struct RestartingUnitTests {
    /// A node on which a unit has ended so many times.
    private struct Shell: NodeShell {
        let cluster: FakeCluster
        let restarts: Int
        let asked: Mutex<Int>.Shared

        func run(
            _ command: String,
            input: String?,
            on node: String,
            at address: IPv4Address,
            deadline: Duration,
        ) async throws -> SSHClient.Output {
            guard command.hasPrefix("systemctl show -p ActiveState -p NRestarts pull.service") else {
                return try await cluster.run(command, on: node, at: address, deadline: deadline)
            }
            // Time enough for a word is over when it was asked again.
            asked.note { if $0 == 3 { cluster.loopUnit("pull.service", false) } }
            let text = "ActiveState=activating\nNRestarts=\(restarts)\n\nlookup registry: no such host\n"
            return SSHClient.Output(exitCode: 0, standardOutput: text)
        }
    }

    private func warnings(restarts: Int) async throws -> [String] {
        let cluster = await FakeCluster()
        let unit = UnitDeployment(
            name: "pull.service",
            file: "pull.service",
            unit: try UnitFile(parsing: "[Service]\nExecStart=/bin/true\n"),
        )
        let topology = Topology(
            name: "demo",
            network: NetworkSettings(cidr: .derived(fromCluster: "demo")),
            roles: [Role(name: "core", count: 1, etcd: .member)],
            units: [unit],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        cluster.know(plan.nodes)
        cluster.loopUnit("pull.service")
        let said = Mutex<[String]>([])
        var limits = Executor.Limits()
        limits.look = .milliseconds(5)
        let executor = cluster.executor(
            shell: Shell(cluster: cluster, restarts: restarts, asked: .init()),
            limits: limits,
            emit: { event in
                if case .warning(_, let text) = event { said.withLock { $0.append(text) } }
            },
        )
        // It is mended when it was asked thrice, or when something was said.
        let mending = Task {
            while !Task.isCancelled, said.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
            cluster.loopUnit("pull.service", false)
        }
        defer { mending.cancel() }
        try await executor.apply(plan)
        return said.withLock { $0 }
    }

    @Test func theSecondEndIsTold() async throws {
        let text = "pull.service on core-1 has ended 2 times and is started again: lookup registry: no such host"
        #expect(try await warnings(restarts: 2) == [text])
    }

    @Test func theFirstEndIsNot() async throws {
        #expect(try await warnings(restarts: 1) == [])
    }
}

extension Mutex where Value == Int {
    /// A counter that a value type can hold.
    fileprivate final class Shared: Sendable {
        private let count = Mutex(0)

        func note(_ body: (Int) -> Void) {
            body(
                count.withLock { count in
                    count += 1
                    return count
                }
            )
        }
    }
}
