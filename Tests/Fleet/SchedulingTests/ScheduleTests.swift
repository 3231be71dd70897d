import Scheduling
import Testing
import UnitFiles

@Suite struct ScheduleTests {
    private let two = [
        Machine(id: "aaaaaaaa1111", metadata: ["role": "web"]), Machine(id: "bbbbbbbb2222", metadata: ["role": "db"]),
    ]

    private func decide(_ jobs: [Job], _ schedule: [String: String] = [:], on machines: [Machine]? = nil) -> [String] {
        let cluster = ClusterState(machines: machines ?? two, jobs: jobs, schedule: schedule)
        return Scheduling.schedule(cluster).map(\.description)
    }

    @Test func spreadsByLoadThenID() throws {
        let jobs = try ["c.service", "a.service", "b.service"].map { try Job.unit($0) }
        #expect(
            decide(jobs) == [
                "schedule a.service on aaaaaaaa", "schedule b.service on bbbbbbbb", "schedule c.service on aaaaaaaa",
            ]
        )
    }

    @Test(arguments: [
        ("MachineID=bbbbbbbb2222", "schedule a.service on bbbbbbbb"),
        ("MachineID=bbbbbbbb", "schedule a.service on bbbbbbbb"),
        ("MachineMetadata=role=db", "schedule a.service on bbbbbbbb"),
        ("MachineMetadata=\"role=db\" \"role=x\"", "schedule a.service on bbbbbbbb"),
        ("MachineID=bbbb", "a.service fits nowhere: no machine fits: MachineID requires bbbb (aaaaaaaa, bbbbbbbb)"),
        (
            "MachineMetadata=\"role=db\" \"disk=ssd\"",
            "a.service fits nowhere: no machine fits: MachineMetadata requires disk=ssd, the machine has no disk "
                + "(aaaaaaaa, bbbbbbbb)"
        ),
        (
            "MachineMetadata=role=x\nMachineMetadata=role=y",
            "a.service fits nowhere: no machine fits: "
                + "MachineMetadata requires role=x or role=y, the machine has role=web (aaaaaaaa); "
                + "MachineMetadata requires role=x or role=y, the machine has role=db (bbbbbbbb)"
        ),
        ("MachineOf=b.service", "a.service fits nowhere: MachineOf requires b.service, which does not exist"),
        ("MachineOf=a.service", "a.service fits nowhere: MachineOf goes in a circle: a.service → a.service"),
    ])
    func oneUnit(lines: String, decision: String) throws {
        #expect(decide([try .unit("a.service", lines)]) == [decision])
    }

    @Test func nothingToDoWithoutMachines() throws {
        let decisions = decide([try .unit("a.service")], on: [])
        #expect(decisions == ["a.service fits nowhere: there is no machine in the cluster"])
    }

    @Test func inactiveUnitsLeave() throws {
        let jobs = [try Job.unit("a.service", "", .inactive), try .unit("b.service", "", .loaded)]
        let placed = ["a.service": "aaaaaaaa1111", "b.service": "aaaaaaaa1111", "gone.service": "bbbbbbbb2222"]
        #expect(
            decide(jobs, placed) == [
                "unschedule a.service from aaaaaaaa: the unit is to be inactive",
                "unschedule gone.service from bbbbbbbb: the unit was destroyed",
            ]
        )
    }

    @Test func aVanishedMachineIsReplaced() throws {
        let decisions = decide([try .unit("a.service")], ["a.service": "cccccccc3333"])
        #expect(
            decisions == [
                "unschedule a.service from cccccccc: the machine went away", "schedule a.service on aaaaaaaa",
            ]
        )
    }

    @Test func soundUnitsNeverMove() throws {
        let jobs = try (1...6).map { try Job.unit("a@\($0).service") }
        let placed = Dictionary(uniqueKeysWithValues: jobs.map { ($0.name, "aaaaaaaa1111") })
        #expect(decide(jobs, placed).isEmpty)
    }

    @Test func conflictingInstancesSpread() throws {
        let jobs = try (1...3).map { try Job.unit("a@\($0).service", "Conflicts=%p@*.service") }
        #expect(
            decide(jobs) == [
                "schedule a@1.service on aaaaaaaa", "schedule a@2.service on bbbbbbbb",
                "a@3.service fits nowhere: no machine fits: conflicts with a@1.service, which is there (aaaaaaaa); "
                    + "conflicts with a@2.service, which is there (bbbbbbbb)",
            ]
        )
    }

    @Test func theOneContestedUnitMoves() throws {
        let jobs = [
            try Job.unit("a.service", "Conflicts=[bc].service"), try .unit("b.service"), try .unit("c.service"),
        ]
        let placed = Dictionary(uniqueKeysWithValues: jobs.map { ($0.name, "aaaaaaaa1111") })
        #expect(
            decide(jobs, placed) == [
                "unschedule a.service from aaaaaaaa: conflicts with b.service, which is there",
                "schedule a.service on bbbbbbbb",
            ]
        )
    }

    @Test func aChainLandsInOnePass() throws {
        let jobs = [
            try Job.unit("a.service", "MachineOf=b.service"), try .unit("b.service", "MachineOf=c.service"),
            try .unit("c.service", "MachineMetadata=role=db"),
        ]
        #expect(decide(jobs) == ["a", "b", "c"].map { "schedule \($0).service on bbbbbbbb" })
    }

    @Test func aCircleIsReported() throws {
        let jobs = [
            try Job.unit("a.service", "MachineOf=b.service"), try .unit("b.service", "MachineOf=c.service"),
            try .unit("c.service", "MachineOf=b.service"),
        ]
        #expect(
            decide(jobs) == [
                "a.service fits nowhere: MachineOf requires b.service, which fits on no machine itself",
                "b.service fits nowhere: MachineOf goes in a circle: b.service → c.service → b.service",
                "c.service fits nowhere: MachineOf goes in a circle: c.service → b.service → c.service",
            ]
        )
    }

    @Test func followersLeaveWithTheirLeader() throws {
        let jobs = [
            try Job.unit("a.service", "MachineOf=b.service"), try .unit("b.service", "MachineMetadata=role=db"),
        ]
        let placed = ["a.service": "aaaaaaaa1111", "b.service": "aaaaaaaa1111"]
        #expect(decide(jobs, placed).suffix(2) == ["a", "b"].map { "schedule \($0).service on bbbbbbbb" })
    }

    @Test func replacingPrefersAFreeMachine() throws {
        let jobs = [try Job.unit("old.service"), try .unit("new.service", "Replaces=old.service")]
        #expect(decide(jobs, ["old.service": "aaaaaaaa1111"]) == ["schedule new.service on bbbbbbbb"])
    }

    /// The unit it replaces does not make a machine worse: on the least loaded one, that unit moves.
    @Test func replacingTakesTheLeastLoadedMachine() throws {
        let old = try (0...2).map { try Job.unit("replace.\($0).service") }
        let jobs = old + [try Job.unit("kick0.service", "Replaces=replace.0.service")]
        let (first, second) = (two[0].id, two[1].id)
        let placed = ["replace.0.service": first, "replace.1.service": second, "replace.2.service": second]
        let cluster = ClusterState(machines: two, jobs: jobs, schedule: placed)
        let after = cluster.applying(Scheduling.schedule(cluster)).schedule
        #expect(after["kick0.service"] == first)
        #expect(after["replace.0.service"] == second)
    }

    @Test func replacingMovesTheOldUnit() throws {
        let jobs = [
            try Job.unit("old.service"), try .unit("new.service", "Replaces=old.service\nMachineMetadata=role=web"),
        ]
        #expect(
            decide(jobs, ["old.service": "aaaaaaaa1111"]) == [
                "unschedule old.service from aaaaaaaa: replaced by new.service, which is there",
                "schedule new.service on aaaaaaaa", "schedule old.service on bbbbbbbb",
            ]
        )
    }

    @Test func replacingOnOneMachineSettles() throws {
        let jobs = [try Job.unit("old.service"), try .unit("new.service", "Replaces=old.service")]
        let cluster = ClusterState(machines: [two[0]], jobs: jobs, schedule: ["old.service": two[0].id])
        let after = cluster.applying(Scheduling.schedule(cluster))
        #expect(after.schedule == ["new.service": two[0].id])
        let reason = "old.service fits nowhere: no machine fits: replaced by new.service, which is there (aaaaaaaa)"
        #expect(Scheduling.schedule(after).map(\.description) == [reason])
    }

    @Test func mutualReplacesAreIgnored() throws {
        let jobs = [
            try Job.unit("a.service", "Replaces=b.service"), try .unit("b.service", "Replaces=c.service"),
            try .unit("c.service", "Replaces=a.service"),
        ]
        #expect(decide(jobs, on: [two[0]]).count { $0.hasPrefix("schedule") } == 3)
    }

    @Test func globalUnitsCountAsLoadAndAsPeers() throws {
        let jobs = [
            try Job.unit("g.service", "Global=true\nMachineMetadata=role=web"), try .unit("a.service"),
            try .unit("p.service", "MachineOf=g.service"),
        ]
        #expect(decide(jobs) == ["schedule a.service on bbbbbbbb", "schedule p.service on aaaaaaaa"])
        let becameGlobal = decide([jobs[0]], ["g.service": "aaaaaaaa1111"])
        #expect(becameGlobal == ["unschedule g.service from aaaaaaaa: the unit is global now"])
    }

    @Test func globalUnitsOfAMachine() throws {
        let jobs = [
            try Job.unit("b.service", "Global=true\nConflicts=a.service"), try .unit("a.service", "Global=true"),
            try .unit("c.service", "Global=true\nMachineMetadata=role=db"),
            try .unit("d.service", "Global=true", .inactive),
            try .unit("e.service", "Global=true\nConflicts=x.service"), try .unit("x.service"),
        ]
        let cluster = ClusterState(machines: two, jobs: jobs, schedule: ["x.service": "aaaaaaaa1111"])
        #expect(cluster.globalUnits(for: two[0]).map(\.name) == ["a.service"])
        #expect(cluster.globalUnits(for: two[1]).map(\.name) == ["a.service", "c.service", "e.service"])
    }

    @Test func weightsSpreadByWeight() throws {
        let jobs = [
            try Job.unit("a.service", "Weight=3"), try .unit("b.service"), try .unit("c.service"),
            try .unit("d.service"), try .unit("e.service"),
        ]
        #expect(
            decide(jobs) == [
                "schedule a.service on aaaaaaaa", "schedule b.service on bbbbbbbb", "schedule c.service on bbbbbbbb",
                "schedule d.service on bbbbbbbb", "schedule e.service on aaaaaaaa",
            ]
        )
    }

    @Test func limitsWeighAgainstWhatTheMachineHas() throws {
        var machines = two
        machines[0].resources = .init(memory: 1 << 30, cpus: 1)
        machines[1].resources = .init(memory: 8 << 30, cpus: 4)
        let unit = UnitFile(options: [UnitOption(section: "Service", name: "MemoryMax", value: "512M")])
        let job = Job(name: try UnitName("a.service"), unit: unit, targetState: .launched)
        #expect(machines.map { job.weight(on: $0) } == [5, 1])
        #expect(decide([job], on: machines) == ["schedule a.service on bbbbbbbb"])
        let cpu = UnitFile(options: [UnitOption(section: "Service", name: "CPUQuota", value: "200%")])
        let busy = Job(name: try UnitName("b.service"), unit: cpu, targetState: .launched)
        #expect(machines.map { busy.weight(on: $0) } == [20, 5])
    }

    @Test func wishesComeBeforeLoadButKeepNobodyAway() throws {
        let prefers = try Job.unit("a.service", "PreferMachineMetadata=role=db")
        let both = [prefers, try Job.unit("b.service")]
        #expect(decide(both, ["b.service": "bbbbbbbb2222"]) == ["schedule a.service on bbbbbbbb"])
        #expect(decide([prefers], on: [two[0]]) == ["schedule a.service on aaaaaaaa"])
        let apart = try (1...3).map { try Job.unit("w@\($0).service", "PreferApart=%p@*.service") }
        let load = try (1...2).map { try Job.unit("x\($0).service") }
        let placed = ["x1.service": "bbbbbbbb2222", "x2.service": "bbbbbbbb2222"]
        #expect(
            decide(apart + load, placed) == [
                "schedule w@1.service on aaaaaaaa", "schedule w@2.service on bbbbbbbb",
                "schedule w@3.service on aaaaaaaa",
            ]
        )
    }

    @Test func aPatternOfMachineOfIsMetByOneUnit() throws {
        let jobs = [
            try Job.unit("proxy.service", "MachineOf=web@*.service"),
            try .unit("web@1.service", "MachineMetadata=role=db"),
            try .unit("web@2.service", "MachineMetadata=role=db"),
        ]
        #expect(decide(jobs).first == "schedule proxy.service on bbbbbbbb")
        let alone = decide([jobs[0]])
        #expect(alone == ["proxy.service fits nowhere: MachineOf requires web@*.service, which does not exist"])
    }

    @Test func aUnitStaysAsLongAsOnePeerDoes() throws {
        let jobs = [
            try Job.unit("proxy.service", "MachineOf=web@*.service"), try .unit("web@1.service", "", .inactive),
            try .unit("web@2.service"),
        ]
        let placed = Dictionary(uniqueKeysWithValues: jobs.map { ($0.name, "aaaaaaaa1111") })
        #expect(decide(jobs, placed) == ["unschedule web@1.service from aaaaaaaa: the unit is to be inactive"])
    }

    @Test func drainingMovesWhatCanMove() throws {
        var machines = two
        machines[0].isDraining = true
        let jobs = [
            try Job.unit("a.service"), try .unit("b.service", "MachineMetadata=role=web"), try .unit("c.service"),
        ]
        let placed = ["a.service": "aaaaaaaa1111", "b.service": "aaaaaaaa1111"]
        #expect(
            decide(jobs, placed, on: machines) == [
                "unschedule a.service from aaaaaaaa: the machine is being drained", "schedule a.service on bbbbbbbb",
                "schedule c.service on bbbbbbbb",
                "b.service stays on aaaaaaaa: no machine fits: MachineMetadata requires role=web, the machine has "
                    + "role=db (bbbbbbbb)",
            ]
        )
        let some = ClusterState(machines: machines, jobs: jobs, schedule: placed, evacuating: [])
        #expect(Scheduling.schedule(some).map(\.description) == ["schedule c.service on bbbbbbbb"])
    }

    @Test func aLargeClusterIsScheduledAtOnce() throws {
        let machines = (0..<100).map { Machine(id: "machine\($0)", metadata: ["zone": "\($0 % 4)"]) }
        let jobs = try (0..<1000).map { number in
            let wants = "Conflicts=%p@*.service\nMachineMetadata=zone=\(number % 4)"
            return try Job.unit("s\(number % 50)@\(number / 50).service", wants)
        }
        let decisions = Scheduling.schedule(ClusterState(machines: machines, jobs: jobs))
        #expect(decisions.count == 1000)
        #expect(decisions.allSatisfy { if case .schedule = $0 { true } else { false } })
    }
}
