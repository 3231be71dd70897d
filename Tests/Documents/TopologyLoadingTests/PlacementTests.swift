import Diagnostics
import Testing
import TopologyLoading
import TopologyModel

/// What units ask for, against what the roles have.
@Suite struct PlacementTests {
    private static let roles = """
        {core: {count: 1, etcd: member, metadata: {role: core}},
          worker: {count: 2, etcd: proxy, metadata: {role: worker, group: web}},
          store: {count: 1, etcd: none, metadata: {role: store}}}
        """

    /// What is said about units called `a.service`, `b.service`, … whose `[X-Fleet]` sections are `sections`.
    private func report(_ sections: String..., states: [String] = []) -> [String] {
        var files: [String: String] = [:]
        var entries: [String] = []
        for (index, section) in sections.enumerated() {
            let name = String("abcdefgh"[String.Index(utf16Offset: index, in: "abcdefgh")]) + ".service"
            files[name] = "[Service]\nExecStart=/bin/true\n[X-Fleet]\n\(section)\n"
            let state = states.indices.contains(index) ? states[index] : "launched"
            entries.append("{file: units/\(name), state: \(state)}")
        }
        let units = "[\(entries.joined(separator: ", "))]"
        return Fixture.report(Fixture.topology(roles: Self.roles, units: units), units: files)
    }

    @Test(arguments: [
        "", "MachineMetadata=role=worker", "MachineMetadata=role=worker\nMachineMetadata=role=nowhere",
        "MachineMetadata=role=worker\nMachineMetadata=group=web", "Global=true\nMachineMetadata=role=core",
        "MachineID=0123456789abcdef0123456789abcdef", "Conflicts=other*",
    ])
    func isPossible(section: String) {
        #expect(report(section) == [])
    }

    @Test(arguments: [
        (
            "MachineMetadata=role=wroker", "4:17+11", "no node has the metadata role=wroker",
            ["did you mean role=worker?", "the roles have role=core, role=worker"]
        ),
        ("MachineMetadata=gruop=web", "4:17+9", "no node has the metadata gruop=web", ["did you mean \"group\"?"]),
        (
            "MachineMetadata=disk=ssd", "4:17+8", "no node has the metadata disk=ssd",
            ["the roles' metadata has the keys group, role"]
        ),
        (
            "MachineMetadata=role=core\nMachineMetadata=group=web", "4:17+9",
            "no node has all of the metadata group=web, role=core",
            ["role \"core\" has role=core", "role \"worker\" has group=web, role=worker"]
        ),
        (
            "MachineMetadata=role=store", "4:17+10", "no node has the metadata role=store",
            ["role \"store\" has it, but with `etcd: none` its nodes run no fleet"]
        ),
        (
            "MachineMetadata=\"role=core\" \"disk=ssd\"", "4:30+8", "no node has the metadata disk=ssd",
            ["the roles' metadata has the keys group, role"]
        ),
    ])
    func metadataNoNodeHas(section: String, place: String, message: String, notes: [String]) {
        #expect(report(section) == ["units/a.service:\(place) error: \(message)"] + notes.map { "  \($0)" })
    }

    @Test func followsAUnitOfAnotherRole() {
        #expect(
            report("MachineMetadata=role=core\nMachineOf=b.service", "MachineMetadata=group=web") == [
                "units/a.service:5:11+9 error: no node can run both a.service and b.service",
                "  a.service can run on nodes of role \"core\"", "  b.service can run on nodes of role \"worker\"",
            ]
        )
    }

    @Test func followsAUnitThatIsElsewhere() {
        #expect(
            report("MachineOf=bb.service", "") == [
                "units/a.service:4:11+10 warning: bb.service is not among this topology's units",
                "  did you mean b.service?", "  a.service waits until a unit of this name is in the cluster",
            ]
        )
    }

    @Test func followsAUnitThatIsNotPlaced() {
        #expect(report("MachineOf=b.service", "", states: ["launched", "inactive"]).count == 1)
        #expect(report("MachineOf=b.service", "", states: ["inactive", "inactive"]) == [])
    }

    @Test func followsOneAnother() {
        let report = report("MachineOf=b.service", "MachineOf=c.service", "MachineOf=a.service")
        #expect(report.filter { $0.contains("follow one another, and none can start") }.count == 3)
    }

    @Test func followsAUnitThatKeepsItAway() {
        let report = report("MachineOf=b.service", "Conflicts=a*")
        #expect(report == ["units/a.service:4:11+9 error: a.service follows b.service, whose Conflicts keeps it away"])
    }

    @Test func chainsAreFollowedToTheirEnd() {
        let report = report(
            "MachineMetadata=role=core\nMachineOf=b.service",
            "MachineOf=c.service",
            "MachineMetadata=group=web"
        )
        #expect(report.first?.contains("no node can run both a.service and b.service") == true)
    }

    @Test func moreConflictsThanNodes() {
        let all = "Conflicts=*.service"
        #expect(report(all, all, all) == [])
        #expect(
            report(all, all, all, all) == [
                "a.yaml:6:142+15 error: 4 units that keep away from each other (Conflicts) have only 3 nodes to run on",
                "  they are a.service, b.service, c.service, d.service",
                "  have at most 3 of them, or give the roles they may run on more nodes",
            ]
        )
    }

    @Test func conflictsCountOnlyTheNodesTheUnitsMayUse() {
        let web = "MachineMetadata=group=web\nConflicts=[b-d].service"
        let report = report("", web, web, web)
        #expect(report.first?.contains("3 units that keep away from each other (Conflicts) have only 2 nodes") == true)
        #expect(report.filter { !$0.hasPrefix("  ") }.count == 1)
    }

    @Test func oneSideOfAConflictIsEnough() {
        let core = "MachineMetadata=role=core"
        #expect(report(core, core) == [])
        #expect(report(core, core + "\nConflicts=a.service").count == 3)
    }

    @Test func inactiveAndGlobalUnitsDoNotCount() {
        let core = "MachineMetadata=role=core\nConflicts=*"
        #expect(report(core, core, states: ["launched", "inactive"]) == [])
        #expect(report(core, "Global=true\nMachineMetadata=role=core") == [])
    }

    @Test func unitsNeedFleet() {
        let text = Fixture.topology(settings: "fleet: {enabled: false}", units: "[{file: units/hello.service}]")
        #expect(
            Fixture.report(text) == [
                "a.yaml:4:16+19 error: units need fleet, which is switched off",
                "  remove the units, or `enabled: false` under `fleet`",
            ]
        )
    }

    @Test func instancesOfATemplateAreToldAboutOnce() {
        let units = ["x@.service": "[Service]\nExecStart=/bin/true\n[X-Fleet]\nMachineMetadata=role=no\n"]
        let text = Fixture.topology(roles: Self.roles, units: "[{file: units/x@.service, instances: 5}]")
        #expect(Fixture.report(text, units: units).filter { !$0.hasPrefix("  ") }.count == 1)
    }

    @Test func specifiersCountAsTheInstanceHasThem() {
        let units = ["x@.service": "[Service]\nExecStart=/bin/true\n[X-Fleet]\nMachineMetadata=role=%i\n"]
        func report(_ instances: String) -> [String] {
            let units = units
            let entry = "[{file: units/x@.service, instances: [\(instances)]}]"
            return Fixture.report(Fixture.topology(roles: Self.roles, units: entry), units: units)
        }
        #expect(report("core, worker") == [])
        #expect(report("core, other").first == "units/x@.service:4:17+7 error: no node has the metadata role=other")
    }
}
