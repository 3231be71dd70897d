import Planning
import Testing
import UnitFiles

@testable import Provisioning

@Suite struct UnitsStatusTests {
    private func status(_ state: String, ended: Set<String> = []) -> UnitsStatus {
        let unit = UnitPlan(name: "once.service", text: "", hash: "h", desiredState: .launched)
        let present = ObservedFleet.Unit(
            name: unit.name,
            hash: unit.hash,
            desiredState: .launched,
            states: ["m1": state],
            ended: ended,
        )
        return UnitsStatus([unit], seen: ObservedFleet(machines: ["m1"], units: [unit.name: present]))
    }

    @Test func aUnitThatEndedWellIsDone() {
        #expect(status("active").isDone)
        #expect(status("inactive", ended: ["m1"]).isDone)
    }

    @Test(arguments: ["inactive", "activating"]) func otherUnitsAreStillOnTheirWay(state: String) {
        #expect(status(state).pending == ["once.service": state])
        #expect(status(state, ended: ["m2"]).pending == ["once.service": state])
    }
}
