import Diagnostics
import TestKit
import TopologyLoading

/// Topologies in memory, and what is said about them.
enum Fixture {
    static let files = MemoryFiles([
        "t/units/hello.service": "[Service]\nExecStart=/bin/true\n",
        "t/units/web@.service": "[Service]\nExecStart=/bin/true\n\n[X-Fleet]\nConflicts=web@*.service\n",
        "t/units/global.service": """
        [Service]
        ExecStart=/bin/true

        [X-Fleet]
        Global=true
        MachineMetadata=role=worker

        """,
    ])

    /// A sound topology with a part replaced.
    static func topology(
        name: String = "demo",
        settings: String = "",
        roles: String = "{core: {count: 1, etcd: member}}",
        units: String = "[]",
    ) -> String {
        "name: \(name)\n\(settings)\nroles: \(roles)\nunits: \(units)\n"
    }

    static func load(_ text: String, units: [String: String] = [:]) -> LoadedTopology {
        var files = files
        for (name, text) in units { files.texts["t/units/\(name)"] = text }
        return TopologyLoader(files: files).load(text, file: "t/a.yaml")
    }

    /// `place severity: message` of every diagnostic, and its notes indented.
    static func report(_ text: String, units: [String: String] = [:]) -> [String] {
        load(text, units: units).diagnostics.flatMap { diagnostic in
            let place =
                diagnostic.location.map { "\($0.file.dropFirst(2)):\($0.line):\($0.column)+\($0.length)" } ?? "-"
            return ["\(place) \(diagnostic.severity.rawValue): \(diagnostic.message)"]
                + diagnostic.notes.map { "  \($0)" }
        }
    }
}
