import FleetAPI
import UnitFiles

/// fleet's API as functions.
package struct FleetClient: Sendable {
    let transport: any FleetTransport

    package init(_ transport: any FleetTransport) {
        self.transport = transport
    }

    /// Every unit, by name.
    package func units() async throws -> [APIUnit] {
        try await pages(of: .units) { $0.units ?? [] }
    }

    /// The unit called `name`; nil when there is none.
    package func unit(_ name: String) async throws -> APIUnit? {
        let response = try await transport.send(FleetRequest(.get, .unit(name)))
        if response.status == 404 { return nil }
        return try decode(APIUnit.self, response, doing: "read unit \(name)")
    }

    /// States of units as systemd reports them, by name and machine; of every unit where none is named.
    package func states(of unit: String? = nil) async throws -> [APIUnitState] {
        try await pages(of: .states, query: unit.map { [("unitName", $0)] } ?? []) { $0.states ?? [] }
    }

    /// Every machine, by id.
    package func machines() async throws -> [APIMachine] {
        try await pages(of: .machines) { $0.machines ?? [] }
    }

    /// Creates the unit, or replaces it when its options differ from those there.
    package func create(_ name: String, _ file: UnitFile, desired: TargetState? = nil) async throws {
        try await put(APIUnit(name: name, options: file.options, desiredState: desired), doing: "create")
    }

    /// Says how far the unit is to come.
    package func setTarget(_ name: String, _ target: TargetState) async throws {
        try await put(APIUnit(name: name, desiredState: target), doing: "change")
    }

    /// Removes the unit.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    package func destroy(_ name: String) async throws -> Bool {
        let response = try await transport.send(FleetRequest(.delete, .unit(name)))
        if response.status == 404 { return false }
        try check(response, doing: "destroy unit \(name)")
        return true
    }

    private func put(_ unit: APIUnit, doing action: String) async throws {
        let response = try await transport.send(FleetRequest(.put, .unit(unit.name), body: try body(unit)))
        // fleet refuses to make a unit that is there, which is what the attempt did that was not answered.
        if response.isToRepetition, response.status == 409, unit.desiredState == nil,
            try await self.unit(unit.name)?.file.hash == unit.file.hash
        {
            return
        }
        try check(response, doing: "\(action) unit \(unit.name)")
    }

    private func pages<Element>(
        of resource: APIResource,
        query: [(name: String, value: String)] = [],
        elements: (APIPage) -> [Element],
    ) async throws -> [Element] {
        var found: [Element] = []
        var token: String?
        repeat {
            let query = query + (token.map { [("nextPageToken", $0)] } ?? [])
            let response = try await transport.send(FleetRequest(.get, resource, query: query))
            let page = try decode(APIPage.self, response, doing: "list \(resource.components.joined(separator: "/"))")
            found += elements(page)
            // A server that repeats a token would keep us here for ever.
            token = page.nextPageToken == token ? nil : page.nextPageToken
        } while token.map { !$0.isEmpty } ?? false
        return found
    }

    func body(_ value: some Encodable) throws -> [UInt8] { Array(try GoJSON.text(value).utf8) }

    func decode<Value: Decodable>(
        _ type: Value.Type,
        _ response: FleetResponse,
        doing action: String,
    ) throws -> Value {
        try check(response, doing: action)
        do {
            return try GoJSON.decode(type, response.body)
        } catch {
            let start = String(decoding: response.body.prefix(80), as: UTF8.self)
            throw FleetctlError(.refused, "cannot \(action): fleet's answer is not understood: \(start)", cause: error)
        }
    }

    func check(_ response: FleetResponse, doing action: String) throws {
        guard !(200..<300).contains(response.status) else { return }
        let reason: String
        do {
            let body = try GoJSON.decode(APIFailure.self, response.body)
            reason = body.error.message.flatMap { $0.isEmpty ? nil : $0 } ?? "no reason given"
        } catch {
            let text = String(decoding: response.body.prefix(200), as: UTF8.self).filter { !$0.isNewline }
            let hint =
                response.status == 404 ? "; is it fleet that listens there, and not etcd? (check --endpoint)" : ""
            reason = (text.isEmpty ? "no reason given" : text) + hint
        }
        throw FleetctlError(.refused, "cannot \(action): fleet answered \(response.status): \(reason)")
    }
}
