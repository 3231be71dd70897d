import ArgumentParser
import Foundation
import TestKit
import Testing
import TopologyLoading
import TopologyModel

@testable import SlipwayCommands

/// What commands of backups do without a cluster.
@Suite struct BackupCommandTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        try TemporaryDirectory.withPath(body)
    }

    @Test func aClusterIsBackedUpWithoutASubcommand() throws {
        let command = try #require(try SlipwayCommand.parseAsRoot(["backup", "demo", "demo.backup"]) as? BackupCreate)
        #expect(command.cluster == "demo" && command.file == "demo.backup")
    }

    @Test(arguments: [
        ["backup", "demo", "f", "--directory", "d"], ["backup", "demo", "--keep", "3"],
        ["backup", "demo", "--directory", "d", "--keep", "0"], ["backup", "schedule", "demo"],
        ["backup", "schedule", "demo", "--every", "hourly"], ["backup", "schedule", "demo", "--every", "5s"],
        ["backup", "schedule", "demo", "--every", "1h", "--remove"], ["restore", "f", "--name", "Not_A_Name"],
        ["restore", "f", "--cidr", "10.0.0.0"],
    ])
    func whatCannotBeMeantIsRefused(_ words: [String]) {
        #expect(throws: (any Error).self) { try SlipwayCommand.parseAsRoot(words) }
    }

    // MARK: The topology

    private let topology = BackupTopology(
        name: "clusters/demo.yaml",
        texts: [
            "clusters/demo.yaml": """
            name: demo
            roles: {central: {count: 1, etcd: member}}
            units: [{file: units/a.service}, {file: ../common/b.service}]

            """,
            "clusters/units/a.service": "[Service]\nExecStart=/bin/true\n",
            "clusters/../common/b.service": "[Service]\nExecStart=/bin/false\n",
        ],
    )

    /// Whatever lies at those paths now.
    @Test func theTopologyIsReadFromTheBackup() throws {
        let loaded = try topology.load().checked()
        #expect(loaded.units.map(\.name) == ["a.service", "b.service"])
    }

    @Test func filesAreWrittenWhereTheTopologyLooksForThem() throws {
        try withDirectory { directory in
            let paths = try topology.extract(to: directory)
            #expect(paths == ["demo.yaml", "b.service", "units/a.service"].map { "\(directory)/\($0)" })
            let text = try String(contentsOfFile: "\(directory)/units/a.service", encoding: .utf8)
            #expect(text.hasSuffix("/bin/true\n"))
            #expect {
                try topology.extract(to: directory)
            } throws: {
                "\($0)".contains("exists")
            }
        }
    }

    // MARK: Schedules

    private func units(_ directory: String) throws -> ScheduleUnits {
        try ScheduleUnits(cluster: ClusterName("demo"), directory: directory, isRunning: true, user: 0)
    }

    @Test func aScheduleIsUnitsOfSystemd() throws {
        let units = try units("/nowhere")
        let command = ["/usr/bin/slipway", "backup", "create", "/srv/100% mine/a\"b$c.yaml", "--keep", "24"]
        try Golden.expect(
            units.serviceText(command: command, home: "/var/lib/slipway") + "\n" + units.timerText(seconds: 3600),
            "output/backup-schedule.txt",
        )
    }

    @Test func withoutSystemdItSaysSo() throws {
        let cluster = try ClusterName("demo")
        let error = #expect(throws: (any Error).self) {
            try ScheduleUnits(cluster: cluster, directory: "/nowhere", isRunning: false, user: 0)
        }
        #expect(error.map { "\($0)".hasPrefix("systemd does not run here") } == true)
        #expect(throws: (any Error).self) {
            try ScheduleUnits(cluster: cluster, directory: "/nowhere", isRunning: true, user: 1000)
        }
    }

    @Test func unitsOfSomebodyElseAreLeftAlone() throws {
        try withDirectory { directory in
            let units = try units(directory)
            try units.refuseForeign()
            try Data(units.timerText(seconds: 60).utf8).write(to: URL(filePath: "\(directory)/\(units.timer)"))
            try units.refuseForeign()
            try Data("[Timer]\n".utf8).write(to: URL(filePath: "\(directory)/\(units.timer)"))
            #expect {
                try units.refuseForeign()
            } throws: {
                "\($0)".contains("is not slipway's")
            }
        }
    }

    @Test func theScheduleOfAClusterThatIsRemovedIsFound() throws {
        try withDirectory { directory in
            let units = try units(directory)
            let uri = "lxc:///system"
            func existing(
                _ user: uid_t = 0,
                isRunning: Bool = true,
                uri: String = "lxc:///system",
                home: String = "/var/lib/slipway",
            ) -> String? {
                ScheduleUnits.existing(
                    of: units.cluster,
                    uri: uri,
                    home: home,
                    directory: directory,
                    isRunning: isRunning,
                    user: user
                )?.timer
            }
            #expect(existing() == nil)
            let command = ["slipway", "backup", "create", "demo.yaml", "--connect", uri]
            let service = units.serviceText(command: command, home: "/var/lib/slipway")
            try Data(service.utf8).write(to: URL(filePath: "\(directory)/\(units.service)"))
            try Data(units.timerText(seconds: 60).utf8).write(to: URL(filePath: "\(directory)/\(units.timer)"))
            #expect(existing() == units.timer)
            // Of a cluster of that name somewhere else.
            #expect(existing(uri: "qemu+ssh://root@host/system") == nil)
            #expect(existing(uri: "lxc:///") == nil)
            #expect(existing(home: "/home/me/slipway") == nil)
            #expect(existing(1000) == nil)
            #expect(existing(isRunning: false) == nil)
            try Data("[Timer]\n".utf8).write(to: URL(filePath: "\(directory)/\(units.timer)"))
            #expect(existing() == nil)
        }
    }
}
