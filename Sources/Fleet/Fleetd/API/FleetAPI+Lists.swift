import FleetState
import UnitFiles

extension FleetAPI {
    func listUnits(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let token = try token(request)
        let snapshot = try snapshot()
        let (names, next) = token.cut(snapshot.units.keys.sorted())
        let units = names.compactMap { snapshot.apiUnit($0, inList: true) }
        let page = APIObjects.UnitPage(nextPageToken: next?.text, units: units.isEmpty ? nil : units)
        return try APIJSON.response(200, page)
    }

    func listStates(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let token = try token(request)
        let (unitName, machineID) = (request.query["unitName"] ?? "", request.query["machineID"] ?? "")
        let all = try snapshot().apiStates.filter { state in
            (unitName.isEmpty || state.name == unitName) && (machineID.isEmpty || state.machineID == machineID)
        }
        let (states, next) = token.cut(all)
        let page = APIObjects.UnitStatePage(nextPageToken: next?.text, states: states.isEmpty ? nil : states)
        return try APIJSON.response(200, page)
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
        return try APIJSON.response(200, state)
    }

    func machines(_ request: APIRequest) async throws -> APIResponse {
        if request.method == "PATCH" { return try await patchMachines(request) }
        guard request.method == "GET" else { throw APIError(405, "only GET and PATCH supported against this resource") }
        let token = try token(request)
        let (records, next) = token.cut(try snapshot().machineRecords)
        let machines = records.map { record in
            APIObjects.Machine(
                id: record.id.unlessEmpty,
                metadata: record.metadata.isEmpty ? nil : record.metadata,
                primaryIP: record.primaryIP.unlessEmpty,
            )
        }
        let page = APIObjects.MachinePage(machines: machines.isEmpty ? nil : machines, nextPageToken: next?.text)
        return try APIJSON.response(200, page)
    }
}

extension FleetSnapshot {
    /// A unit as the API shows it. A global unit's current state is left out, except in lists: as the original does.
    func apiUnit(_ name: String, inList: Bool) -> APIObjects.Unit? {
        guard let unit = units[name] else { return nil }
        let isGlobal = unit.requirements.isGlobal
        let current: TargetState? = isGlobal ? (inList ? .inactive : nil) : currentState(of: name)
        return APIObjects.Unit(
            currentState: current?.rawValue,
            desiredState: target(of: name).rawValue,
            machineID: isGlobal ? nil : presentMachine(of: name),
            name: name,
            options: unit.file.options.isEmpty ? nil : unit.file.options,
            statusReason: reasons[name],
        )
    }

    /// All states by unit and machine.
    var apiStates: [APIObjects.UnitState] { states.keys.sorted().flatMap(apiStates) }

    func apiStates(of name: String) -> [APIObjects.UnitState] {
        (states[name] ?? [:]).sorted { $0.key < $1.key }.map { machine, stored in
            APIObjects.UnitState(
                hash: stored.state.hash.unlessEmpty,
                machineID: machine,
                name: name,
                systemdActiveState: stored.state.activeState.unlessEmpty,
                systemdLoadState: stored.state.loadState.unlessEmpty,
                systemdSubState: stored.state.subState.unlessEmpty,
            )
        }
    }
}
