import FleetAPI
import FleetState
import UnitFiles

extension APIResponder {
    func listUnits(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let token = try token(request)
        let snapshot = try snapshot()
        let (names, next) = token.cut(snapshot.units.keys.sorted())
        let units = names.compactMap { snapshot.apiUnit($0, inList: true) }
        return try .json(APIPage(units: units, nextPageToken: next?.text))
    }

    func listStates(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let token = try token(request)
        let (unitName, machineID) = (request.query["unitName"] ?? "", request.query["machineID"] ?? "")
        let all = try snapshot().apiStates.filter { state in
            (unitName.isEmpty || state.name == unitName) && (machineID.isEmpty || state.machineID == machineID)
        }
        let (states, next) = token.cut(all)
        return try .json(APIPage(states: states, nextPageToken: next?.text))
    }

    func state(_ request: APIRequest, _ name: String) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let snapshot = try snapshot()
        let states = snapshot.apiStates(of: name)
        // The state where the unit belongs, before one that is left from where it was.
        let own = states.first { $0.machineID == snapshot.machine(of: name) }
        guard let state = own ?? states.first else {
            throw snapshot.units[name] == nil ? .noSuchUnit : APIError(404, "unit has no state")
        }
        return try .json(state)
    }

    func machines(_ request: APIRequest) async throws -> APIResponse {
        if request.method == "PATCH" { return try await patchMachines(request) }
        guard request.method == "GET" else { throw APIError(405, "only GET and PATCH supported against this resource") }
        let token = try token(request)
        let (records, next) = token.cut(try snapshot().machineRecords)
        let machines = records.map { record in
            APIMachine(
                id: record.id,
                metadata: record.metadata.isEmpty ? nil : record.metadata,
                primaryIP: record.primaryIP.unlessEmpty,
            )
        }
        return try .json(APIPage(machines: machines, nextPageToken: next?.text))
    }
}

extension FleetSnapshot {
    /// A unit as the API shows it. A global unit's current state is left out, except in lists: as the original does.
    func apiUnit(_ name: String, inList: Bool) -> APIUnit? {
        guard let unit = units[name] else { return nil }
        let isGlobal = unit.requirements.isGlobal
        let current: TargetState? = isGlobal ? (inList ? .inactive : nil) : currentState(of: name)
        return APIUnit(
            name: name,
            options: unit.file.options.isEmpty ? nil : unit.file.options,
            desiredState: target(of: name),
            currentState: current,
            machineID: isGlobal ? nil : presentMachine(of: name),
            statusReason: reason(of: name),
        )
    }

    /// All states by unit and machine.
    var apiStates: [APIUnitState] { states.keys.sorted().flatMap(apiStates) }

    func apiStates(of name: String) -> [APIUnitState] {
        (states[name] ?? [:]).sorted { $0.key < $1.key }.map { machine, stored in
            APIUnitState(
                name: name,
                hash: stored.state.hash.unlessEmpty,
                machineID: machine,
                systemdLoadState: stored.state.loadState.unlessEmpty,
                systemdActiveState: stored.state.activeState.unlessEmpty,
                systemdSubState: stored.state.subState.unlessEmpty,
                outcome: stored.state.outcome?.rawValue,
                statusReason: stored.state.reason,
            )
        }
    }
}

extension String {
    /// `nil` instead of an empty text, which the API leaves out.
    var unlessEmpty: String? { isEmpty ? nil : self }
}
