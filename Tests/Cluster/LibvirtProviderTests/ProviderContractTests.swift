import Basics
import Planning
import Provisioning
import TestKit
import Testing
import TopologyModel

/// What every provider does, whatever is behind it.
@Suite(.timeLimit(.minutes(5))) struct ProviderContractTests {
    @Test(arguments: ProviderUnderTest.all)
    func aNodeLivesAndLeavesNothing(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.bringUp(node)
            let observation = try await world.provider.observe()
            let seen = try #require(observation.nodes(of: world.cluster).first)
            #expect(seen.power == .running)
            #expect(seen.phase == .started)
            #expect(seen.hasDomain && seen.hasStorage)
            #expect(seen.address == node.address && seen.image == node.image && seen.etcd == node.etcd)
            #expect(seen.baseDigest == node.baseDigest && seen.configDigest == node.configDigest)
            #expect(seen.generation == node.generation && seen.domainName == node.domainName)
            let network = try #require(observation.network(of: world.cluster))
            #expect(network.active && network.cidr == world.network.cidr && network.bridge == world.network.bridge)

            try await world.clean()
            let after = try await world.provider.observe()
            #expect(after.nodes(of: world.cluster).isEmpty)
            #expect(after.network(of: world.cluster) == nil)
            #expect(!after.emptyClusterDirectories.contains(world.cluster))
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func everythingCanBeDoneTwice(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.bringUp(node)
            try await world.bringUp(node)
            let seen = try await world.observed()
            #expect(seen.map(\.phase) == [.started])
            for _ in 1...2 { try await world.provider.stop(NodeReference(node), deadline: .seconds(20)) }
            #expect(try await world.observed().map(\.power) == [.off])
            try await world.clean()
            try await world.clean()
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func whatIsNotThereIsGone(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let reference = NodeReference(cluster: world.cluster, name: "central-9", runtime: .container)
            try await world.provider.stop(reference, deadline: .seconds(1))
            try await world.provider.powerOff(reference)
            try await world.provider.setPhase(.leaving, of: reference)
            try await world.provider.remove(reference)
            try await world.provider.removeNetwork(cluster: world.cluster)
            try await world.provider.removeClusterRemains(world.cluster)
            await #expect(throws: ProviderError.self) { try await world.provider.start(reference) }
            await #expect(throws: ProviderError.self) { try await world.provider.setPhase(.ready, of: reference) }
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func aPowerCutIsAPowerCut(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.bringUp(node)
            try await world.provider.powerOff(NodeReference(node))
            let seen = try await world.observed()
            #expect(seen.map(\.power) == [.off])
            #expect(seen.map(\.phase) == [.started])
            try await world.provider.start(NodeReference(node))
            #expect(try await world.observed().map(\.power) == [.running])
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func aFrozenNodeRunsOnWhenItIsStarted(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.bringUp(node)
            for _ in 1...2 { try await world.provider.freeze(NodeReference(node)) }
            #expect(try await world.observed().map(\.power) == [.other])
            try await world.provider.start(NodeReference(node))
            #expect(try await world.observed().map(\.power) == [.running])
            try await world.provider.powerOff(NodeReference(node))
            try await world.provider.freeze(NodeReference(node))
            #expect(try await world.observed().map(\.power) == [.off])
        }
    }

    @Test(arguments: ProviderUnderTest.bounding)
    func boundsAreSeenUntilTheyAreLifted(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = NodeReference(world.node())
            try await world.bringUp(world.node())
            #expect(try await world.provider.bounds(of: node) == [])
            try await world.provider.limitProcessor(of: node, to: 10)
            #expect(try await world.provider.bounds(of: node).count == 1)
            try await world.provider.limitDisk(
                of: node,
                to: DiskLimit(bytesPerSecond: 1 << 20, operationsPerSecond: 50)
            )
            #expect(try await world.provider.bounds(of: node).count == 2)
            try await world.provider.limitProcessor(of: node, to: nil)
            try await world.provider.limitDisk(of: node, to: nil)
            #expect(try await world.provider.bounds(of: node) == [])
            try await world.provider.powerOff(node)
            #expect(try await world.provider.bounds(of: node) == [])
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func aChangedConfigurationIsDefinedAnew(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            try await world.bringUp(world.node())
            try await world.provider.stop(NodeReference(world.node()), deadline: .seconds(20))
            var changed = world.node(config: "changed")
            changed.userData = "#cloud-config\nhostname: changed\n"
            changed.generation += 1
            try await world.provider.allocate(changed, image: world.image)
            try await world.provider.define(changed, image: world.image)
            let seen = try #require(try await world.observed().first)
            #expect(seen.configDigest == "changed")
            #expect(seen.generation == changed.generation)
            #expect(seen.phase == .defined)
            #expect(seen.hasStorage)
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func nodesStartWithTheHostAsTheFileSays(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            var node = world.node()
            try await world.bringUp(node)
            #expect(try await world.observed().map(\.autostart) == [true])
            for isOn in [false, true] {
                try await world.provider.setAutostart(isOn, of: NodeReference(node))
                #expect(try await world.observed().map(\.autostart) == [isOn])
            }
            node.autostart = false
            try await world.provider.define(node, image: world.image)
            #expect(try await world.observed().map(\.autostart) == [false])
            let nobody = NodeReference(cluster: world.cluster, name: "central-9", runtime: .container)
            await #expect(throws: ProviderError.self) { try await world.provider.setAutostart(true, of: nobody) }
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func whatItsConfigurationIsMadeOfIsKnownAgain(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            var node = world.node()
            node.configParts = ConfigParts("cloud_config.users=01234567 memory=89abcdef")
            try await world.bringUp(node)
            #expect(try await world.observed().map(\.configParts) == [node.configParts])
            #expect(node.configParts?.description == "cloud_config.users=01234567 memory=89abcdef")
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func remainsAreSeenAndRemoved(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let allocated = world.node(1)
            try await world.provider.allocate(allocated, image: world.image)
            let handDeleted = world.node(2)
            try await world.bringUp(handDeleted)
            try await world.deleteDomain(NodeReference(handDeleted))
            let emptied = world.node(3)
            try await world.bringUp(emptied)
            try await world.provider.powerOff(NodeReference(emptied))
            try await world.deleteStorage(NodeReference(emptied))

            let seen = try await world.observed()
            #expect(seen.map(\.name) == ["central-1", "central-2", "central-3"])
            #expect(seen.map(\.hasDomain) == [false, false, true])
            #expect(seen.map(\.hasStorage) == [true, true, false])
            #expect(seen.map(\.phase) == [.allocated, .allocated, .started])
            #expect(seen.map(\.role) == ["central", "central", "central"])
            await #expect(throws: ProviderError.self) { try await world.provider.removeClusterRemains(world.cluster) }
            try await world.clean()
            #expect(try await world.observed().isEmpty)
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func whatIsForeignIsLeftAlone(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.addForeign(domain: node.domainName, network: world.network.name)
            let observation = try await world.provider.observe()
            #expect(observation.foreignDomains.contains(node.domainName))
            #expect(observation.networks.first { $0.name == world.network.name }?.cluster == nil)
            let calls: [@Sendable () async throws -> Void] = [
                { try await world.provider.createNetwork(world.network) },
                { try await world.provider.removeNetwork(cluster: world.cluster) },
                { try await world.provider.allocate(node, image: world.image) },
                { try await world.provider.define(node, image: world.image) },
                { try await world.provider.start(NodeReference(node)) },
                { try await world.provider.setPhase(.ready, of: NodeReference(node)) },
                { try await world.provider.powerOff(NodeReference(node)) },
                { try await world.provider.stop(NodeReference(node), deadline: .seconds(1)) },
                { try await world.provider.remove(NodeReference(node)) },
            ]
            for call in calls {
                let error = await #expect(throws: ProviderError.self) { try await call() }
                #expect(error?.code == .conflict)
            }
            #expect(try await world.provider.observe().foreignDomains.contains(node.domainName))
            try await world.removeForeign(domain: node.domainName, network: world.network.name)
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func aDeathIsToldAtOnce(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.bringUp(node)
            let stopped = await world.provider.stoppedDomains()
            try await world.crash(NodeReference(node))
            for await domain in stopped where domain == node.domainName { break }
            #expect(try await world.observed().map(\.power) == [.off])
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func aPausedNodeIsResumedByAStart(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            let node = world.node()
            try await world.bringUp(node)
            try await world.pause(NodeReference(node))
            #expect(try await world.observed().map(\.power) == [.other])
            try await world.provider.start(NodeReference(node))
            #expect(try await world.observed().map(\.power) == [.running])
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func whatIsKnownOfEtcdOutlivesEveryPhase(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            var node = world.node()
            node.etcdHistory = .forming("f00d")
            try await world.bringUp(node)
            #expect(try await world.observed().map(\.etcdHistory) == [.forming("f00d")])
            try await world.provider.recordEtcd(cluster: "c1a5", of: NodeReference(node))
            // A new configuration begins the ladder anew.
            (node.configDigest, node.etcdHistory) = ("another", .never)
            try await world.provider.allocate(node, image: world.image)
            try await world.provider.define(node, image: world.image)
            try await world.provider.setPhase(.started, of: NodeReference(node))
            #expect(try await world.observed().map(\.etcdHistory) == [.joined("c1a5")])
        }
    }

    @Test(arguments: ProviderUnderTest.all)
    func nodesAreMadeSideBySide(_ provider: ProviderUnderTest) async throws {
        try await provider.with { world in
            try await world.provider.createNetwork(world.network)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 1...5 {
                    let node = world.node(index)
                    group.addTask { try await world.bringUp(node) }
                }
                try await group.waitForAll()
            }
            #expect(try await world.observed().map(\.power) == Array(repeating: .running, count: 5))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for node in try await world.observed() {
                    group.addTask { try await world.provider.remove(NodeReference(node)) }
                }
                try await group.waitForAll()
            }
            #expect(try await world.observed().isEmpty)
        }
    }
}
