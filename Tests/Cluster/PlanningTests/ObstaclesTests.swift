import Basics
import Diagnostics
import Planning
import Testing
import TopologyModel

/// What stands in a topology's way is said before anything is planned, all of it at once.
@Suite struct ObstaclesTests {
    /// What the planner says of a host, which it must refuse.
    private func refusals(
        _ topology: Topology,
        on host: ProviderObservation,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws -> [String] {
        let error = try #require(
            #expect(throws: DiagnosticsError.self, sourceLocation: sourceLocation) {
                try Fixture.plan(topology, Observation(provider: host))
            },
            sourceLocation: sourceLocation
        )
        return error.diagnostics.map(\.message)
    }

    private func machines(_ count: Int, memoryMiB: Int) -> Topology {
        var topology = Fixture.topology(members: 1, workers: count - 1)
        for index in topology.roles.indices {
            topology.roles[index].runtime = .vm
            topology.roles[index].resources.memoryMiB = memoryMiB
        }
        return topology
    }

    private func host(memoryMiB: Int? = nil, storageMiB: Int? = nil) -> ProviderObservation {
        let host = VMHost(
            hasVirtualization: false,
            offersKVM: false,
            freeMemoryMiB: memoryMiB,
            freeStorageMiB: storageMiB,
        )
        return ProviderObservation(machineHost: host)
    }

    private func network(_ name: String, _ cidr: String, cluster: String? = nil, bridge: String) -> ObservedNetwork {
        ObservedNetwork(name: name, cluster: cluster, cidr: CIDRv4(cidr), mode: .nat, bridge: bridge, active: true)
    }

    // MARK: The host

    @Test func tooLittleMemory() throws {
        #expect(
            try refusals(machines(3, memoryMiB: 2048), on: host(memoryMiB: 6143, storageMiB: 100_000)) == [
                "3 virtual machines want 6144MiB of memory, and the host has 6143MiB to give"
            ]
        )
        #expect(throws: Never.self) {
            try Fixture.plan(
                machines(3, memoryMiB: 2048),
                Observation(provider: host(memoryMiB: 6144, storageMiB: 100_000)),
            )
        }
    }

    @Test func memoryOfMachinesThatRunIsNotCountedTwice() throws {
        let topology = machines(3, memoryMiB: 2048)
        var seen = host(memoryMiB: 4095)
        seen.nodes = [
            ObservedNode(
                NodeSpec(cluster: topology.name, name: "central-1", role: "central", index: 1, runtime: .vm),
                power: .running,
                phase: .ready,
            )
        ]
        #expect(
            try refusals(topology, on: seen) == [
                "2 virtual machines want 4096MiB of memory, and the host has 4095MiB to give"
            ]
        )
    }

    @Test func aFullPool() throws {
        #expect(
            try refusals(machines(3, memoryMiB: 512), on: host(storageMiB: 1407)) == [
                "the storage pool has 1407MiB left; 3 virtual machines take about 1408MiB to begin with"
            ]
        )
    }

    @Test func allThatIsShortAtOnce() throws {
        #expect(try refusals(machines(3, memoryMiB: 2048), on: host(memoryMiB: 1, storageMiB: 1)).count == 2)
    }

    // MARK: What is not ours

    @Test func domainsOfThatNameThatAreNotOurs() throws {
        let host = ProviderObservation(foreignDomains: ["demo.central-2", "demo.other-1", "elsewhere"])
        #expect(
            try refusals(Fixture.topology(), on: host) == [
                "libvirt domain 'demo.central-2' exists and is not Slipway's; it will not be touched"
            ]
        )
    }

    @Test(arguments: [
        ("10.9.0.0/16", nil, "network 10.9.0.0/24 overlaps with 10.9.0.0/16 of libvirt network 'lab'"),
        ("10.9.0.128/25", "other", "network 10.9.0.0/24 overlaps with 10.9.0.128/25 of cluster 'other'"),
    ])
    func aNetworkInUse(_ cidr: String, _ cluster: String?, _ message: String) throws {
        let host = ProviderObservation(networks: [network("lab", cidr, cluster: cluster, bridge: "virbr7")])
        #expect(try refusals(Fixture.topology(), on: host) == [message])
    }

    @Test func aNetworkOfThatNameThatIsNotOurs() throws {
        let name = Identity.networkName(cluster: "demo")
        let host = ProviderObservation(networks: [network(name, "10.200.0.0/24", bridge: "virbr7")])
        #expect(
            try refusals(Fixture.topology(), on: host) == [
                "libvirt network '\(name)' exists and is not Slipway's; it will not be touched"
            ]
        )
    }

    /// A route and what is said of it; the network is 10.9.0.0/24.
    @Test(arguments: [
        ("10.9.0.0/24", true, "network 10.9.0.0/24 overlaps with the host's route to 10.9.0.0/24 through tun0"),
        ("10.9.0.7/32", true, "network 10.9.0.0/24 overlaps with the host's route to 10.9.0.7/32 through tun0"),
        ("10.0.0.0/8", false, "network 10.9.0.0/24 hides a part of the host's route to 10.0.0.0/8 through tun0"),
        ("0.0.0.0/1", false, nil),
        ("10.8.0.0/16", false, nil),
    ])
    func aRouteOfTheHosts(_ destination: String, _ refused: Bool, _ message: String?) throws {
        let route = HostRoute(destination: try #require(CIDRv4(destination)), interface: "tun0")
        let everywhere = HostRoute(destination: .everything, interface: "eth0")
        let host = ProviderObservation(hostRoutes: [everywhere, route])
        if refused {
            #expect(try refusals(Fixture.topology(), on: host) == [message])
        } else {
            let plan = try Fixture.plan(Fixture.topology(), Observation(provider: host))
            #expect(plan.warnings.map(\.message) == [message].compactMap { $0 })
        }
    }

    /// What the host reaches and nodes would not, for on them all of the containers' network is on nodes.
    @Test(arguments: [("10.1.7.0/24", true), ("10.0.0.0/8", true), ("10.2.0.0/16", false), ("0.0.0.0/1", false)])
    func aRouteThatTheContainersNetworkHides(_ destination: String, _ isSaid: Bool) throws {
        let route = HostRoute(destination: try #require(CIDRv4(destination)), interface: "tun0")
        let observed = Observation(provider: ProviderObservation(hostRoutes: [route]))
        var topology = Fixture.topology()
        topology.network.cidr = try #require(CIDRv4("172.20.0.0/24"))
        #expect(try Fixture.plan(topology, observed).warnings.isEmpty)
        topology.flannel = FlannelSettings()
        let message =
            "the containers' network 10.1.0.0/16 hides \(destination) from nodes, which the host reaches through tun0"
        #expect(try Fixture.plan(topology, observed).warnings.map(\.message) == (isSaid ? [message] : []))
    }

    // MARK: A network that is there

    private func settled() throws -> Simulation {
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(Fixture.topology()))
        return cluster
    }

    @Test func aNetworkThatIsThereDoesNotClashWithNewRoutes() throws {
        var observed = try settled().observed
        observed.provider.hostRoutes = [
            HostRoute(destination: try #require(CIDRv4("10.9.0.0/25")), interface: "tun0"),
            HostRoute(destination: try #require(CIDRv4("0.0.0.0/1")), interface: "tun0"),
        ]
        #expect(try Fixture.plan(Fixture.topology(), observed).ids == [])
    }

    @Test(arguments: [NetworkSettings.Mode.nat, .isolated])
    func theModeOfALivingClusterDoesNotChange(from present: NetworkSettings.Mode) throws {
        var topology = Fixture.topology()
        topology.network.mode = present
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology))
        topology.network.mode = present == .nat ? .isolated : .nat
        let error = #expect(throws: DiagnosticsError.self) { try Fixture.plan(topology, cluster.observed) }
        let wanted = topology.network.mode.rawValue
        #expect(
            error?.diagnostics.map(\.message) == [
                "cluster 'demo' runs on a network of mode \(present.rawValue), and its file says \(wanted)"
            ]
        )
    }

    @Test func aNetworkWithoutNodesBecomesWhatTheFileSays() throws {
        var topology = Fixture.topology()
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(topology), first: 2)
        topology.network.mode = .isolated
        let plan = try Fixture.plan(topology, cluster.observed)
        #expect(plan.step("network/create")?.reason == "its address or mode changed")
        cluster.apply(plan)
        #expect(try Fixture.plan(topology, cluster.observed).ids == [])
    }
}
