import Basics
import Etcd
import Planning
import SecureShell
import Synchronization
import TestKit
import Testing
import TopologyModel

@testable import Provisioning

/// How long a node's rungs may take.
@Suite struct LadderTests {
    /// A container beside an emulated member, and its ladder.
    private func ladder(
        member: RuntimeChoice,
        accelerator: Accelerator,
        limits: Executor.Limits = Executor.Limits(),
        flannel: FlannelSettings? = nil,
        shell: ((FakeCluster) -> any NodeShell)? = nil,
        warn: @escaping @Sendable (String) -> Void = { _ in },
    ) async throws -> Ladder {
        let planner = Planner(
            topology: Topology(
                name: "demo",
                network: NetworkSettings(cidr: CIDRv4.derived(fromCluster: "demo")),
                flannel: flannel,
                roles: [
                    Role(name: "central", count: 1, runtime: member, accelerator: accelerator, etcd: .member),
                    Role(name: "worker", count: 1, etcd: .proxy),
                ],
            ),
            inputs: .fixed,
        )
        let cluster = await FakeCluster()
        let observer = ClusterObserver(provider: cluster.provider, images: FakeImages()) { _ in cluster }
        let plan = try planner.plan(from: try await observer.observe("demo"))
        cluster.know(plan.nodes)
        let network = NetworkPlan(cluster: "demo", cidr: .derived(fromCluster: "demo"), mode: .nat)
        try await cluster.provider.createNetwork(network)
        for node in plan.nodes {
            let image = FakeImages().paths(node.image)
            try await cluster.provider.allocate(node, image: image)
            try await cluster.provider.define(node, image: image)
            try await cluster.provider.start(NodeReference(node))
        }
        let executor = cluster.executor(shell: shell?(cluster), limits: limits)
        let worker = try #require(plan.nodes.first { $0.name == "worker-1" })
        let members = plan.nodes.filter { $0.name == "central-1" }
        return Ladder(executor: executor, node: worker, members: members, say: { _ in }, warn: warn)
    }

    @Test func aContainerWaitsForAnEmulatedMemberAsLongAsThatMayTake() async throws {
        let usual = Executor.Limits().etcd
        #expect(try await ladder(member: .container, accelerator: .auto).limits.etcd == usual)
        let beside = try await ladder(member: .vm, accelerator: .tcg).limits.etcd
        #expect(beside == usual * NodePlan.slowestMachine)
    }

    /// A shell of a node on which a unit is down until it is started, as often as that.
    private final class Shell: NodeShell {
        let cluster: FakeCluster
        let unit: String
        let fault: FakeCluster.Fault
        private let state: Mutex<(commands: [String], deaths: Int, isUp: Bool)>

        init(_ cluster: FakeCluster, _ unit: String, _ fault: FakeCluster.Fault, deaths: Int) {
            (self.cluster, self.unit, self.fault) = (cluster, unit, fault)
            state = Mutex(([], deaths, false))
            cluster.breakNode("worker-1", at: fault)
        }

        var starts: Int { state.withLock { $0.commands.count } }

        func run(_ command: String, input: String?, on node: String, at address: IPv4Address, deadline: Duration)
            async throws
            -> SSHClient.Output
        {
            if command.hasPrefix("sudo systemctl start") {
                #expect(command == "sudo systemctl start --no-block \(unit)" && node == "worker-1")
                let isUp = state.withLock { state in
                    state.commands.append(command)
                    state.deaths -= 1
                    state.isUp = state.deaths == 0
                    return state.isUp
                }
                if isUp { cluster.breakNode("worker-1", at: nil) }
                return SSHClient.Output(exitCode: 0)
            }
            guard command.hasPrefix("systemctl show") else {
                return try await cluster.run(command, on: node, at: address, deadline: deadline)
            }
            let isDown = command.contains(" \(unit);") && node == "worker-1" && !state.withLock { $0.isUp }
            let active = isDown ? "inactive" : "active"
            return SSHClient.Output(
                exitCode: 0,
                standardOutput: "ActiveState=\(active)\nNRestarts=0\nMainPID=0\nSubState=exited\n"
            )
        }
    }

    private var impatient: Executor.Limits {
        var limits = Executor.Limits()
        limits.look = .milliseconds(5)
        limits.word = .milliseconds(500)
        (limits.etcd, limits.fleet) = (.seconds(20), .seconds(20))
        return limits
    }

    /// A shell that counts what it is asked.
    private final class CountingShell: NodeShell {
        let cluster: FakeCluster
        private let count = Mutex(0)

        init(_ cluster: FakeCluster) { self.cluster = cluster }

        var logins: Int { count.withLock { $0 } }

        func run(_ command: String, input: String?, on node: String, at address: IPv4Address, deadline: Duration)
            async throws
            -> SSHClient.Output
        {
            count.withLock { $0 += 1 }
            return try await cluster.run(command, on: node, at: address, deadline: deadline)
        }
    }

    /// A login takes most of a second of a processor.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            (isSilent: false, flannel: nil, logins: 0), (isSilent: true, flannel: nil, logins: 1),
            (isSilent: false, flannel: FlannelSettings(), logins: 0),
            (isSilent: true, flannel: FlannelSettings(), logins: 2),
        ]
    )
    func nobodyLogsInWhereFleetSaysThatTheNodeIsSetUp(
        isSilent: Bool,
        flannel: FlannelSettings?,
        logins: Int
    ) async throws {
        let shell = Mutex<CountingShell?>(nil)
        let reached = Mutex<Set<Rung>>([])
        // Nobody looks why it takes its time, which is a login, too, however busy this host is.
        var limits = Executor.Limits()
        limits.word = isSilent ? .milliseconds(500) : .seconds(60)
        limits.look = .seconds(60)
        var ladder = try await ladder(
            member: .container,
            accelerator: .auto,
            limits: limits,
            flannel: flannel,
            shell: { cluster in
                if isSilent { cluster.silenceSetup(of: "worker-1") }
                let new = CountingShell(cluster)
                shell.withLock { $0 = new }
                return new
            },
        )
        ladder.reach = { rung in reached.withLock { _ = $0.insert(rung) } }
        try await ladder.climb()
        #expect(shell.withLock { $0?.logins } == logins)
        #expect(reached.withLock { $0 } == Set(Rung.allCases).subtracting(flannel == nil ? [.flannel] : []))
    }

    /// A node whose containers have no subnet is not ready, and what is said is flannel's reason.
    @Test(.timeLimit(.minutes(5))) func aNodeWithoutASubnetIsToldWithWhatFlannelSays() async throws {
        var limits = Executor.Limits()
        limits.word = .milliseconds(100)
        let ladder = try await ladder(
            member: .container,
            accelerator: .auto,
            limits: limits,
            flannel: FlannelSettings(),
            shell: { cluster in
                cluster.breakNode("worker-1", at: .flannel)
                return cluster
            },
        )
        let error = await #expect(throws: ProvisioningError.self) { try await ladder.climb() }
        let text = error.map { "\($0)" } ?? ""
        let reason = "its containers have no subnet: flanneld says 'all 3 subnets of 10.1.0.0/28 are given'"
        #expect(text.contains("node worker-1: \(reason)"), "\(text)")
        #expect(error?.evidence.contains("worker-1 says what is wrong") == true)
    }

    /// What runs is not turned off for it.
    @Test(.timeLimit(.minutes(5))) func aNodeThatLibvirtHasLostIsToldOf() async throws {
        let said = Mutex<[String]>([])
        let ladder = try await ladder(
            member: .container,
            accelerator: .auto,
            limits: impatient,
            warn: { text in said.withLock { $0.append(text) } },
        )
        let provider = try #require(ladder.executor.provider as? FakeProvider)
        await provider.lose(NodeReference(ladder.node), times: 1)
        let before = await provider.calls.count
        try await ladder.climb()
        let calls = await provider.calls.dropFirst(before).map(\.name)
        #expect(!calls.contains("powerOff"))
        #expect(said.withLock { $0.contains { $0.contains("libvirt has lost it") } })
    }

    /// After a reboot of the host or by hand.
    @Test(.timeLimit(.minutes(5)), arguments: [("fleet.service", FakeCluster.Fault.fleet), ("etcd2.service", .etcd)])
    func aUnitThatIsDownIsStartedOnce(unit: String, fault: FakeCluster.Fault) async throws {
        let said = Mutex<[String]>([])
        let shell = Mutex<Shell?>(nil)
        let ladder = try await ladder(
            member: .container,
            accelerator: .auto,
            limits: impatient,
            shell: { cluster in
                let new = Shell(cluster, unit, fault, deaths: 1)
                shell.withLock { $0 = new }
                return new
            },
            warn: { text in said.withLock { $0.append(text) } },
        )
        try await ladder.climb()
        #expect(said.withLock { $0.contains("\(unit) on worker-1 was inactive, and is started") })
        #expect(shell.withLock { $0?.starts } == 1)
    }

    @Test(.timeLimit(.minutes(5))) func aUnitThatEndsAgainIsToldWithWhatItSaid() async throws {
        let ladder = try await ladder(
            member: .container,
            accelerator: .auto,
            limits: impatient,
            shell: { Shell($0, "fleet.service", .fleet, deaths: 9) },
        )
        let error = await #expect(throws: ProvisioningError.self) { try await ladder.climb() }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("worker-1: fleetd ended again after it was started"), "\(text)")
        #expect(error?.evidence.contains("worker-1 says what is wrong") == true)
    }

    /// A shell of a node whose etcd has no room for its data, or has.
    private struct RoomShell: NodeShell {
        let isFull: Bool

        func run(_ command: String, input: String?, on node: String, at address: IPv4Address, deadline: Duration)
            async throws
            -> SSHClient.Output
        {
            let room = "\nthe file system with the data of etcd is full (/var/lib/etcd2)"
            let isAsked = command.contains("df -Pk") && command.contains("ETCD_DATA_DIR")
            return SSHClient.Output(exitCode: 0, standardOutput: "it ended" + (isFull && isAsked ? room : ""))
        }
    }

    /// That is mended by room, and not by a member that is made anew with as little.
    @Test(arguments: [true, false]) func aFullDiskIsNamed(isFull: Bool) async throws {
        let ladder = try await ladder(member: .container, accelerator: .auto, shell: { _ in RoomShell(isFull: isFull) })
        let member = try #require(ladder.members.first)
        let error = await ladder.executor.nodeFailure(member, what: "etcd ends", unit: "etcd2.service")
        let room = "make room on central-1: the file system with the data of etcd is full (/var/lib/etcd2)"
        #expect(error.hints.contains(room) == isFull)
        #expect(error.hints.contains { $0.contains("slipway replace demo central-1") } != isFull)
    }

    /// etcd of a cluster with one member was stopped: there is no majority, and nobody else to ask.
    @Test(.timeLimit(.minutes(5))) func membersThatAreAwaitedForTheirMajorityAreStarted() async throws {
        let said = Mutex<[String]>([])
        let ladder = try await ladder(
            member: .container,
            accelerator: .auto,
            limits: impatient,
            shell: { Shell($0, "etcd2.service", .etcd, deaths: 1) },
        )
        let worker = [ladder.node]
        try await ladder.executor.awaitEtcd(
            worker,
            atLeast: 1,
            say: { _ in },
            warn: { text in said.withLock { $0.append(text) } }
        )
        #expect(said.withLock { $0.contains("etcd2.service on worker-1 was inactive, and is started") })
    }
}
