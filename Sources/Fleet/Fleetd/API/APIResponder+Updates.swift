import FleetAPI
import FleetState
import UnitFiles

/// Updates of units that run, one instance after the other.
extension APIResponder {
    func updates(_ request: APIRequest) throws -> APIResponse {
        guard request.method == "GET" else { throw APIError(405, "only GET supported against this resource") }
        let all = try snapshot().updates.sorted { $0.key < $1.key }.map { APIUpdate($0.key, $0.value.value) }
        return try .json(APIUpdates(updates: all))
    }

    func update(_ request: APIRequest, _ name: String) async throws -> APIResponse {
        let stored = try snapshot().updates[name]
        switch request.method {
        case "GET":
            guard let stored else { throw APIError(404, "update does not exist") }
            return try .json(APIUpdate(name, stored.value))
        case "PUT":
            try requireJSON(request)
            let wanted = try Self.decode(APIUpdateRequest.self, request)
            return try await wanted.abort == true ? abort(name, stored) : begin(name, wanted, stored)
        case "DELETE":
            guard let stored else { throw APIError(404, "update does not exist") }
            guard stored.value.phase.isOver else { throw APIError(409, "update is under way") }
            return try await settled(try await registry.forget(update: name, stored))
        default:
            throw APIError(405, "only GET, PUT and DELETE supported against this resource")
        }
    }

    private func begin(
        _ typed: String,
        _ wanted: APIUpdateRequest,
        _ stored: Versioned<UpdateRecord>?,
    ) async throws -> APIResponse {
        let name = try Self.validName(typed)
        let file = try Self.file(wanted, name)
        if stored?.value.phase.isOver == false { throw APIError(409, "\(typed) is being updated already") }
        let units = try snapshot().unitsToUpdate(name)
        guard !units.isEmpty else { throw APIError.noSuchUnit }
        let record = UpdateRecord(
            text: file.canonicalText,
            hash: file.hash.hex,
            waiting: units,
            settleSeconds: try Self.seconds(wanted.settleSeconds ?? 3, "settleSeconds", 0...3600),
            limitSeconds: try Self.seconds(wanted.timeoutSeconds ?? 60, "timeoutSeconds", 1...86_400),
        )
        do {
            await settle(try await registry.begin(update: typed, record, replacing: stored))
        } catch {
            throw error.code == .unitExists ? APIError(409, error.message) : error
        }
        return .empty(201)
    }

    private func abort(_ name: String, _ stored: Versioned<UpdateRecord>?) async throws -> APIResponse {
        guard let stored else { throw APIError(404, "update does not exist") }
        guard stored.value.phase == .rolling else { throw APIError(409, "update is not under way") }
        var record = stored.value
        (record.phase, record.reason) = (.rollingBack, "a client asked for it")
        return try await settled(try await registry.advance(update: name, from: stored, to: record))
    }

    private func settled(_ revision: Int64?) async throws -> APIResponse {
        guard let revision else { throw APIError(409, "update has changed meanwhile") }
        await settle(revision)
        return .empty(204)
    }

    private static func file(_ wanted: APIUpdateRequest, _ name: UnitName) throws -> UnitFile {
        let sent = UnitFile(options: wanted.options ?? []).joiningContinuations
        guard !sent.options.isEmpty else { throw APIError(400, "options are empty") }
        if let fault = sent.optionFault { throw APIError(400, fault) }
        let file = sent.asWritten
        guard file.canonicalText.utf8.count <= maximumText else {
            throw APIError(413, "the unit has more than \(maximumText) bytes")
        }
        try validate(file, name.isTemplate ? name.firstInstance : name)
        return file
    }

    private static func seconds(_ value: Int, _ what: String, _ allowed: ClosedRange<Int>) throws(APIError) -> Int {
        guard allowed.contains(value) else {
            throw APIError(400, "\(what) is from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return value
    }
}

extension FleetSnapshot {
    /// Of a template its instances by name, and then itself, so that it is only changed when they have proved well.
    fileprivate func unitsToUpdate(_ name: UnitName) -> [String] {
        let itself = units[name.full] == nil ? [] : [name.full]
        guard name.isTemplate else { return itself }
        let instances = units.keys.filter { unit in
            unit != name.full && (try? UnitName(unit))?.template?.full == name.full
        }
        return instances.sorted() + itself
    }
}

extension APIUpdate {
    fileprivate init(_ name: String, _ record: UpdateRecord) {
        self.init(
            name: name,
            phase: record.phase.rawValue,
            hash: record.hash,
            reason: record.reason,
            current: record.current?.unit,
            waiting: record.waiting,
            updated: record.updated.map(\.unit),
        )
    }
}
