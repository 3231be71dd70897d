import Planning
import Testing
import TopologyModel

/// The checker finds what is wrong with plans that no planner should make.
@Suite struct PlanCheckerTests {
    private let three: (plan: Plan, observed: Observation)

    init() throws {
        var cluster = Simulation()
        let plan = try Fixture.plan(Fixture.topology(members: 3, workers: 0))
        cluster.apply(plan)
        three = (plan, cluster.observed)
    }

    private func member(_ index: Int, sourceLocation: SourceLocation = #_sourceLocation) throws -> NodePlan {
        try #require(three.plan.nodes.first { $0.name == "central-\(index)" }, sourceLocation: sourceLocation)
    }

    /// A member that etcd does not list.
    private func newcomer(sourceLocation: SourceLocation = #_sourceLocation) throws -> NodePlan {
        let plan = try Fixture.plan(Fixture.topology(members: 4, workers: 0))
        return try #require(plan.nodes.first { $0.name == "central-4" }, sourceLocation: sourceLocation)
    }

    private func faults(_ steps: [Step]) throws -> [String] {
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 2, steps: steps)
        return PlanChecker(plan, from: three.observed).faults()
    }

    private func remove(_ index: Int, needs: [StepID] = [], from others: [Int]) throws -> Step {
        let node = try member(index)
        let endpoints = try others.map { try member($0).clientURL }
        let action = Action.removeMember(name: node.name, peerURL: node.peerURL, endpoints: endpoints)
        return Step("etcd/remove/\(node.name)", action, reason: "a test", needs: needs)
    }

    private func destroy(_ index: Int, needs: [StepID] = [], cost: Step.Cost = .destroys) -> Step {
        let name = "central-\(index)"
        return Step(
            "node/\(name)/remove",
            .removeNode(NodeReference(cluster: "demo", name: name, runtime: .container)),
            reason: "a test",
            needs: needs,
            cost: cost
        )
    }

    @Test func whatThePlannerMakesIsSafe() throws {
        #expect(PlanChecker(three.plan, from: .nothing).faults() == [])
    }

    @Test func aMemberThatIsDestroyedWithoutLeaving() throws {
        #expect(
            try faults([destroy(3)]) == ["node/central-3/remove: a member's storage is destroyed while etcd lists it"]
        )
    }

    @Test func anOrderThatNeedsDoNotForbid() throws {
        // In the order they stand in nothing is wrong; nothing keeps the second from coming first.
        let steps = [try remove(3, from: [1, 2]), destroy(3)]
        #expect(try faults(steps).contains { $0.contains("storage is destroyed while etcd lists it") })
        #expect(try faults([steps[0], destroy(3, needs: ["etcd/remove/central-3"])]) == [])
    }

    @Test func whatIsDestroyedIsMarked() throws {
        let steps = [try remove(3, from: [1]), destroy(3, needs: ["etcd/remove/central-3"], cost: .none)]
        #expect(try faults(steps) == ["node/central-3/remove destroys a node and is not marked so"])
    }

    @Test func twoRestartsAtATime() throws {
        func restart(_ index: Int, _ needs: [StepID] = []) throws -> Step {
            let node = try member(index)
            return Step(
                "node/\(node.name)/restart",
                .reconfigureNode(node),
                reason: "a test",
                needs: needs,
                cost: .restarts
            )
        }
        let together = try faults([restart(1), restart(2)])
        #expect(together == ["1 of 3 voters live while node/central-1/restart, node/central-2/restart"])
        #expect(try faults([restart(1), restart(2, ["node/central-1/restart"])]) == [])
    }

    @Test func aMemberThatNobodyAnnounced() throws {
        let node = try newcomer()
        let create = Step("node/central-4/create", .createNode(node), reason: "a test")
        #expect(try faults([create]) == ["node/central-4/create: it starts, and etcd does not list it"])
    }

    @Test func aVoteForAMemberThatDoesNotRun() throws {
        let node = try newcomer()
        let endpoints = [try member(1).clientURL]
        let add = Step("etcd/add/central-4", .addMember(node, endpoints: endpoints), reason: "a test")
        let promote = Step(
            "etcd/promote/central-4",
            .promoteMember(node, endpoints: endpoints),
            reason: "a test",
            needs: ["etcd/add/central-4"],
        )
        #expect(try faults([add, promote]) == ["etcd/promote/central-4: it does not run, so it would cost a vote"])
    }

    @Test func anEndpointThatDoesNotLive() throws {
        let step = try remove(3, from: [])
        #expect(try faults([step]) == ["etcd/remove/central-3: no voter that lives is asked"])
    }

    @Test func theLastVoterStays() throws {
        let steps = [
            try remove(3, from: [1, 2]), try remove(2, needs: ["etcd/remove/central-3"], from: [1]),
            try remove(1, needs: ["etcd/remove/central-2"], from: [1]),
        ]
        #expect(try faults(steps).count == 1)
    }

    @Test func manyStepsAreWalkedInRandomOrders() throws {
        let steps = try (0..<130).map { index in
            let action = Action.awaitEtcd(members: [try member(1)])
            return Step("etcd/healthy/\(index)", action, reason: "a test")
        }
        #expect(try faults(steps) == [])
        #expect(try faults(steps + [destroy(3)]).count == 1)
    }
}
