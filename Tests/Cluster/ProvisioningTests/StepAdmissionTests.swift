import Planning
import Testing
import TopologyModel

@testable import Provisioning

/// Hundreds of units are written to fleet a few at a time, and nodes leave it so; nothing else waits for its turn.
struct StepAdmissionTests {
    private func run(_ steps: [Step]) throws -> (PlanRun, StepAdmission) {
        let plan = try Plan(cluster: "demo", purpose: .converge, generation: 1, steps: steps)
        return (PlanRun(plan), StepAdmission(plan, bound: nil))
    }

    private static let writes = (1...200).map {
        Step("unit/u\($0)", .destroyUnit(name: "u\($0).service"), reason: "it left the file")
    }
    private static let leaves = (1...200).map {
        Step(
            "node/n\($0)/leave",
            .leaveFleet(node: "n\($0)", machineID: "\($0)", address: nil),
            reason: "it left the file"
        )
    }

    @Test(arguments: [(writes, StepAdmission.units), (leaves, StepAdmission.leaves)])
    func theyTakeTurnsAndEachGetsOne(steps: [Step], bound: Int) throws {
        var (run, admission) = try run(steps)
        var running = run.takeReady { admission.admits($0) }
        var begun = running.map(\.id)
        #expect(running.count == bound)
        while !running.isEmpty {
            let step = running.removeFirst()
            run.finished(step)
            admission.ended(step)
            let next = run.takeReady { admission.admits($0) }
            begun += next.map(\.id)
            running += next
            #expect(running.count <= bound)
        }
        #expect(begun == steps.map(\.id))
        #expect(run.remaining.isEmpty)
    }

    @Test func whatWasNotAdmittedRemainsAfterAFailure() throws {
        let steps = (1...40).map {
            Step("unit/u\($0)", .destroyUnit(name: "u\($0).service"), reason: "it left the file")
        }
        var (run, admission) = try run(steps)
        let running = run.takeReady { admission.admits($0) }
        run.failed(running[0])
        admission.ended(running[0])
        #expect(run.takeReady { admission.admits($0) }.isEmpty)
        #expect(run.remaining.map(\.id) == steps.dropFirst(StepAdmission.units).map(\.id))
    }

    @Test func otherStepsDoNotWait() throws {
        let nodes = (1...100).map { number in
            let node = NodeReference(cluster: "demo", name: "n\(number)", runtime: .container)
            return Step("node/n\(number)/start", .startNode(node), reason: "it is off")
        }
        var (run, admission) = try run(nodes)
        #expect(run.takeReady { admission.admits($0) }.map(\.id) == nodes.map(\.id))
    }
}
