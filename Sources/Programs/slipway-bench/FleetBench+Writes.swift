import Foundation

/// Writes of units one after the other, beside plain transactions of the same size on the same etcd.
extension FleetBench {
    private static let writes = 30
    private static let text = "[Service]\nExecStart=/bin/sleep infinity\n"

    /// Creates and deletes units and keys in turn, by requests of one curl each. The units are inactive, so that no
    /// machine has anything to start meanwhile.
    func write(_ cluster: FleetCluster, _ figures: Figures) async throws {
        let socket = try await cluster.socket()
        for method in ["PUT", "DELETE"] {
            let units = try (1...Self.writes).map { number in
                """
                url = "http://localhost/fleet/v1/units/write-\(number).service"
                unix-socket = "\(socket)"
                request = \(method)

                """ + (method == "PUT" ? try Self.body(Self.unit) : "")
            }
            let keys = try (1...Self.writes).map { number in
                "url = \"http://\(cluster.address):2379/v3/kv/txn\"\n"
                    + (try Self.body(Self.transaction(number, method)))
            }
            let name = method.lowercased()
            figures.add("plain_\(name)s_ms", try await Self.time(keys))
            figures.add("\(name)s_ms", try await Self.time(units))
        }
    }

    var writeRows: [Row] {
        [("PUT", 0.2), ("DELETE", 0.1)].map { method, original in
            let name = method.lowercased()
            return Row(
                title: "\(Self.writes) \(method)s of units, one after the other",
                figure: "\(name)s_ms",
                beside: "plain_\(name)s_ms",
                original: original,
                aim: .ratio(1.1),
            )
        }
    }

    private static let unit =
        [
            "desiredState": "inactive",
            "options": [["section": "Service", "name": "ExecStart", "value": "/bin/sleep infinity"]],
        ] as [String: any Sendable]

    /// Returns fleetd's transaction for such a unit.
    private static func transaction(_ number: Int, _ method: String) -> [String: any Sendable] {
        func key(_ kind: String) -> String { base64("/slipway-bench/now/\(kind)/write-\(number).service") }
        let exists = method == "DELETE"
        let compare: [String: any Sendable] = [
            "key": key("unit"), "target": "VERSION", "result": exists ? "GREATER" : "EQUAL", "version": "0",
        ]
        let puts = [("unit", text), ("desired", "inactive")].map { kind, value in
            ["requestPut": ["key": key(kind), "value": base64(value)]]
        }
        let deletions = ["unit", "desired", "schedule", "reason", "update"].map { kind in
            ["requestDeleteRange": ["key": key(kind)]]
        }
        return ["compare": [compare], "success": exists ? deletions : puts]
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private static func body(_ document: [String: any Sendable]) throws -> String {
        let bytes = try JSONSerialization.data(withJSONObject: document)
        let quoted = String(decoding: bytes, as: UTF8.self).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "header = \"Content-Type: application/json\"\ndata = \"\(quoted)\"\n"
    }

    /// Returns the time that the requests take together, without the start of curl.
    private static func time(_ requests: [String]) async throws -> Duration {
        let common = "output = /dev/null\nwrite-out = \"%{time_total}\\n\"\n"
        let config = requests.map { $0 + common }.joined(separator: "next\n")
        let times = try await Host.shell(#"curl -sS -f -K <(printf %s "$1")"#, config)
        let seconds = times.split(separator: "\n").compactMap { Double($0) }
        guard seconds.count == requests.count else { throw BenchError("curl did not time every request: \(times)") }
        return .seconds(seconds.reduce(0, +))
    }
}
