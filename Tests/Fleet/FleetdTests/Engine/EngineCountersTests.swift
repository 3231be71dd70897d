import FleetState
import TestKit
import Testing

@testable import Fleetd

struct EngineCountersTests {
    @Test func countsUnderTheOriginalsNames() async throws {
        let counters = EngineCounters()
        counters.did([
            Placement(unit: "a.service", .place(on: "m1")), Placement(unit: "b.service", .move(to: "m2")),
            Placement(unit: "c.service", .remove), Placement(unit: "d.service", .explain("full")),
        ])
        counters.failed([Placement(unit: "e.service", .move(to: "m3"))])
        counters.roundEnded(after: .milliseconds(1500))
        counters.roundFailed()
        counters.placed(after: [.milliseconds(20), .milliseconds(230)])
        counters.leads(since: 17)
        let tasks = ["attemptscheduleunit": 2, "unscheduleunit": 2]
        #expect(
            counters.now
                == .init(
                    leadsSince: 17,
                    rounds: 1,
                    failedRounds: 1,
                    roundsTook: .milliseconds(1500),
                    placed: 2,
                    waited: .milliseconds(250),
                    tasks: tasks,
                    failedTasks: ["attemptscheduleunit": 1, "unscheduleunit": 1]
                )
        )
        let text = APIMetrics(counters).text(nil, machine: nil)
        for line in [
            "fleet_engine_leader_start_time 17", "fleet_engine_reconcile_count_total 1",
            "fleet_engine_reconcile_duration_second_sum 1.5", "fleet_engine_reconcile_duration_second_count 1",
            "fleet_engine_schedule_duration_seconds_sum 0.25", "fleet_engine_schedule_duration_seconds_count 2",
            #"fleet_engine_task_count_total{type="attemptscheduleunit"} 2"#,
            #"fleet_engine_task_failure_count_total{type="unscheduleunit"} 1"#,
        ] {
            #expect(text.contains("\n\(line)\n"))
        }
        try await Promtool.check(metrics: text)
        counters.leads(since: nil)
        #expect(counters.now.leadsSince == nil)
    }
}
