import FleetAPI
import Fleetctl
import FoundationEssentials
import Scheduling
import Synchronization
import TestKit
import Testing
import UnitFiles

/// A fleet in memory that answers as fleet's API does: everything happens at once, unless it is told otherwise.
final class StubFleet: FleetTransport {
    struct Storage {
        var units: [String: APIUnit] = [:]
        var machines = [APIMachine(id: "aaaaaaaabbbbccccddddeeeeffff0000", metadata: nil, primaryIP: "10.0.0.5")]
        var requests: [String] = []
        /// Units that fit nowhere, and why.
        var reasons: [String: String] = [:]
        /// Units that the systemd of their machine does not start, and why.
        var refusals: [String: String] = [:]
        /// What systemd says of a launched unit; one word a look, the last one for ever.
        var active: [String: [String]] = [:]
        /// How many answers fail once a unit is to be launched.
        var outage = 0
        /// What is told of changes; one a request, the last one for ever. None for a fleet that cannot tell.
        var revisions: [Int64] = []
        /// How many elements a page has.
        var pageSize = 100
    }

    private let storage = Mutex(Storage())

    var requests: [String] { storage.withLock(\.requests) }

    func change(_ body: (inout Storage) -> Void) { storage.withLock { body(&$0) } }

    func unit(_ name: String) -> APIUnit? { storage.withLock { $0.units[name] } }

    func send(_ request: FleetRequest) async throws -> FleetResponse {
        try storage.withLock { storage in
            let body = request.body.map { " " + String(decoding: $0, as: UTF8.self) } ?? ""
            storage.requests.append("\(request.method.rawValue) \(request.target)\(body)")
            if storage.outage > 0, storage.units.values.contains(where: { $0.desiredState == .launched }) {
                storage.outage -= 1
                return FleetResponse(status: 503)
            }
            return try storage.answer(request)
        }
    }
}

extension StubFleet.Storage {
    fileprivate mutating func answer(_ request: FleetRequest) throws -> FleetResponse {
        let parts = request.target.split(separator: "?")
        let path = parts[0].split(separator: "/").map { String($0.replacing("%40", with: "@")) }
        switch (request.method, path.dropFirst(2).first, path.count) {
        case (.get, "units", 3): return try page("units", units.values.sorted { $0.name < $1.name }, parts[1])
        case (.get, "machines", 3): return try page("machines", machines, parts[1])
        case (.get, "state", 3): return try page("states", states(), parts[1])
        case (.get, "units", 4): return try units[path[3]].map { try json($0) } ?? missing
        case (.delete, "units", 4):
            return units.removeValue(forKey: path[3]) == nil ? missing : FleetResponse(status: 204)
        case (.put, "units", 4): return try put(path[3], request.body ?? [])
        case (.get, "changes", 3) where !revisions.isEmpty:
            let revision = revisions.count > 1 ? revisions.removeFirst() : revisions[0]
            return FleetResponse(status: 200, body: Array(#"{"revision":\#(revision)}"#.utf8))
        default: return FleetResponse(status: 405)
        }
    }

    private var missing: FleetResponse {
        let body = #"{"error":{"code":404,"message":"unit does not exist"}}"#
        return FleetResponse(status: 404, body: Array(body.utf8))
    }

    private mutating func put(_ name: String, _ body: [UInt8]) throws -> FleetResponse {
        let sent = try JSONDecoder().decode(APIUnit.self, from: Data(body))
        let isNew = units[name] == nil
        var unit = units[name] ?? APIUnit(name: name, desiredState: .inactive)
        if let options = sent.options { unit.options = options }
        if let desired = sent.desiredState { unit.desiredState = desired }
        unit.statusReason = unit.desiredState == .inactive ? nil : reasons[name]
        let refusal = unit.desiredState == .launched ? refusals[name] : nil
        let isPlaced = unit.desiredState != .inactive && unit.statusReason == nil && !unit.isGlobal
        unit.machineID = isPlaced ? machines[0].id : nil
        unit.currentState = isPlaced ? (refusal == nil ? unit.desiredState : .loaded) : .inactive
        unit.statusReason = unit.statusReason ?? refusal
        units[name] = unit
        return FleetResponse(status: isNew || sent.options != nil ? 201 : 204)
    }

    private mutating func states() -> [APIUnitState] {
        units.values.filter { $0.currentState == .launched }.sorted { $0.name < $1.name }.map { unit in
            var said = active[unit.name] ?? ["active/running"]
            let words = (said.count > 1 ? said.removeFirst() : said[0]).split(separator: "/").map(String.init)
            active[unit.name] = said
            return APIUnitState(
                name: unit.name,
                hash: unit.file.hash.hex,
                machineID: unit.machineID,
                systemdLoadState: "loaded",
                systemdActiveState: words[0],
                systemdSubState: words[1],
                outcome: words.count > 2 ? words[2] : nil,
            )
        }
    }

    private func page(_ key: String, _ elements: [some Encodable], _ query: Substring) throws -> FleetResponse {
        let token = query.split(separator: "&").first { $0.hasPrefix("nextPageToken=") }
        let start = token.flatMap { Int($0.dropFirst("nextPageToken=page%3D".count)) } ?? 0
        let rest = elements.dropFirst(start)
        let encoded = String(decoding: try JSONEncoder().encode(Array(rest.prefix(pageSize))), as: UTF8.self)
        let next = rest.count > pageSize ? "\"nextPageToken\":\"page=\(start + pageSize)\"," : ""
        let body = rest.isEmpty ? "{}" : "{\(next)\"\(key)\":\(encoded)}"
        return FleetResponse(status: 200, body: Array(body.utf8))
    }

    private func json(_ value: some Encodable) throws -> FleetResponse {
        FleetResponse(status: 200, body: Array(try JSONEncoder().encode(value)))
    }
}

/// A run of fleetctl against a stub: what it wrote, and what programs it called.
final class StubRun: ProcessRunner {
    private let lines = Mutex<(out: String, err: String, programs: [[String]])>(("", "", []))
    let fleet = StubFleet()
    let files: [String: String]
    let exitCode: Int32
    /// What programs print whose output is read.
    let printed: String

    init(files: [String: String] = [:], exitCode: Int32 = 0, printed: String = "") {
        self.files = files
        self.exitCode = exitCode
        self.printed = printed
    }

    var out: String { lines.withLock(\.out) }
    var err: String { lines.withLock(\.err) }
    var programs: [[String]] { lines.withLock(\.programs) }

    func run(_ program: String, _ arguments: [String]) async throws -> Int32 {
        lines.withLock { $0.programs.append([program] + arguments) }
        return exitCode
    }

    func become(_ program: String, _ arguments: [String]) async throws -> Int32 { try await run(program, arguments) }

    func output(of program: String, _ arguments: [String], within limit: Duration) async throws -> String {
        guard try await run(program, arguments) == 0 else { throw FleetctlError(.refused, "\(program) failed: no way") }
        return printed
    }

    /// No pause takes any time.
    func context(localMachineID: String? = nil, ssh: SSHSettings = SSHSettings()) -> FleetContext {
        let files = files
        var settings = FleetctlSettings(endpoint: .unix(path: "/x"))
        settings.ssh = ssh
        return FleetContext(
            client: FleetClient(fleet),
            console: Console(
                out: { text in self.lines.withLock { $0.out += text } },
                err: { text in
                    LibraryWords.expectNone(in: text)
                    self.lines.withLock { $0.err += text }
                },
            ),
            pause: Pause { _ in },
            runner: self,
            settings: settings,
            localMachineID: localMachineID,
            readFile: { files[$0] },
        )
    }

    var operations: UnitOperations { UnitOperations(context()) }
}
