import Basics
import Foundation
import TestKit
import Testing

@testable import Backups

@Suite struct BackupRetentionTests {
    @Test func namesSortByTime() {
        #expect(BackupRetention.fileName(cluster: "demo", time: 1_795_968_312) == "demo-20261129T160512Z.backup")
        #expect(Timestamp.text(1_795_968_312) == "2026-11-29T16:05:12Z")
        let retention = BackupRetention(directory: "/nowhere", cluster: "demo")
        #expect(retention.time(of: "demo-20261129T160512Z.backup") == 1_795_968_312)
        for name in ["other-20261129T160512Z.backup", "demo-20261399T160512Z.backup", "demo.backup"] {
            #expect(retention.time(of: name) == nil, "\(name)")
        }
    }

    @Test func onlyOwnFilesAreRemoved() throws {
        let temporary = try TemporaryDirectory()
        let directory = temporary.path
        func put(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
        }
        let head = "manifest.json\0"
        for hour in 10...13 { try put("demo-20261129T\(hour)0512Z.backup", head) }
        let others = [
            "demo-2-20261129T090512Z.backup": head, "demo.backup": head, "demo-yesterday.backup": head,
            "demo-20261129T080512Z.backup": "a person's own text", "other-20261129T080512Z.backup": head,
        ]
        for (name, text) in others { try put(name, text) }
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory)/demo-20261129T070512Z.backup",
            withDestinationPath: "demo-20261129T100512Z.backup",
        )
        let retention = BackupRetention(directory: directory, cluster: "demo")
        let removed = try retention.prune(keeping: 2)
        #expect(removed == ["demo-20261129T110512Z.backup", "demo-20261129T100512Z.backup"])
        #expect(try retention.backups() == ["demo-20261129T130512Z.backup", "demo-20261129T120512Z.backup"])
        let left = Set(try FileManager.default.contentsOfDirectory(atPath: directory))
        #expect(left.isSuperset(of: others.keys) && left.contains("demo-20261129T070512Z.backup"))
    }
}
