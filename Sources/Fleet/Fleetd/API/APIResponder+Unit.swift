import Basics
import FleetAPI
import FleetState
import UnitFiles

extension APIResponder {
    /// Bytes of a unit; etcd refuses requests of more than a megabyte and a half.
    static let maximumText = 1 << 20

    func unit(_ request: APIRequest, _ name: String) async throws -> APIResponse {
        switch request.method {
        case "GET":
            guard let unit = try snapshot().apiUnit(name, inList: false) else { throw APIError.noSuchUnit }
            return try .json(restarts.shown(unit, to: request))
        case "PUT":
            return try await put(request, name)
        case "DELETE":
            return try await destroy(name)
        default:
            throw APIError(405, "only GET, PUT and DELETE supported against this resource")
        }
    }

    private func put(_ request: APIRequest, _ name: String) async throws -> APIResponse {
        try requireJSON(request)
        let wanted = try Self.decode(APIUnit.self, request)
        let named = wanted.name.unlessEmpty ?? name
        guard named == name else {
            throw APIError(400, "name in URL \"\(name)\" differs from unit name in request body \"\(named)\"")
        }
        let unitName = try Self.validName(name)
        let sent = UnitFile(options: wanted.options ?? []).joiningContinuations
        let length = sent.options.reduce(0) { $0 + $1.section.utf8.count + $1.name.utf8.count + $1.value.utf8.count }
        guard length <= Self.maximumText else {
            throw APIError(413, "the unit has \(length) bytes; at most \(Self.maximumText) are allowed")
        }
        if let fault = sent.optionFault { throw APIError(400, fault) }
        let file = sent.asWritten
        // One request to etcd, on the condition that the copy here is right; and where it is not, as two clients may be
        // at it, the registry says what there is.
        if let answer = try await apply(wanted, file, unitName, onto: try snapshot().fleetUnit(name), request) {
            return answer
        }
        let existing = try await registry.unit(name)
        if existing == nil, file.options.isEmpty {
            throw APIError(409, "unit does not exist and options field empty")
        }
        guard let answer = try await apply(wanted, file, unitName, onto: existing, request) else {
            let what = existing == nil ? "created" : "changed"
            throw APIError(409, "unit was \(what) by another client meanwhile")
        }
        return answer
    }

    /// Makes a unit what a client wants of it.
    ///
    /// - Parameter existing: what is known of the unit; nil when there is none.
    /// - Returns: nil when that is not how it is, or may not be, and nothing was changed.
    private func apply(
        _ wanted: APIUnit,
        _ file: UnitFile,
        _ name: UnitName,
        onto existing: FleetUnit?,
        _ request: APIRequest,
    ) async throws -> APIResponse? {
        do {
            guard let existing else {
                return file.options.isEmpty ? nil : try await create(name, file, wanted.target)
            }
            // The machine may be faster than the answer.
            let isLowered = existing.target == .launched && wanted.desiredState == .loaded
            if wanted.desiredState != nil { restarts.wanted(name.full, request, isLowered: isLowered) }
            return try await update(existing, file, wanted.desiredState)
        } catch let error as RegistryError
            where [.unitExists, .noSuchUnit, .changedMeanwhile].contains(error.code)
        {
            return nil
        }
    }

    private func destroy(_ name: String) async throws -> APIResponse {
        do {
            await settle(try await registry.destroy(unit: name))
            return .empty(204)
        } catch {
            throw error.code == .noSuchUnit ? APIError.noSuchUnit : error
        }
    }

    private func create(_ name: UnitName, _ file: UnitFile, _ target: TargetState) async throws -> APIResponse {
        try Self.validate(file, name)
        try Self.checkTemplate(name, target)
        await settle(try await registry.create(unit: name.full, file, target: target))
        return .empty(201)
    }

    private func update(_ existing: FleetUnit, _ file: UnitFile, _ target: TargetState?) async throws -> APIResponse {
        let name = try Self.validName(existing.unit.name)
        if let target { try Self.checkTemplate(name, target) }
        let isNewText = !file.options.isEmpty && file.hash != existing.unit.hash
        if isNewText { try Self.validate(file, name) }
        guard isNewText || target != nil else {
            throw APIError(409, "must provide DesiredState to update existing unit")
        }
        if isNewText {
            let (target, revision) = (target ?? .inactive, existing.unit.revision)
            await settle(try await registry.replace(unit: name.full, file, target: target, since: revision))
        } else if let target {
            // Launched once more: its machine starts the unit again if it is down. Another state is written again, too:
            // what is known of the unit may be older than somebody else's wish.
            // A client that sent a text wants it for that one.
            let revision = file.options.isEmpty ? nil : existing.unit.revision
            await settle(try await registry.setTarget(target, of: name.full, since: revision))
        }
        return .empty(isNewText ? 201 : 204)
    }

    func requireJSON(_ request: APIRequest) throws(APIError) {
        guard request.contentTypes.count == 1, let value = request.contentTypes.first else {
            throw APIError(415, "expected 1 Content-Type, got \(request.contentTypes.count)")
        }
        guard value.prefix(while: { $0 != ";" }).trimmed == "application/json" else {
            throw APIError(415, "only acceptable Content-Type is application/json")
        }
    }

    static func validName(_ name: String) throws(APIError) -> UnitName {
        do throws(UnitNameError) {
            return try UnitName(name)
        } catch {
            throw APIError(400, error.originalWords)
        }
    }

    private static func checkTemplate(_ name: UnitName, _ target: TargetState) throws(APIError) {
        guard name.isTemplate, target != .inactive else { return }
        throw APIError(400, "cannot activate template \"\(name)\"")
    }

    static func validate(_ file: UnitFile, _ name: UnitName) throws(APIError) {
        if let exclusion = FleetRequirements(of: file, name: name).exclusions.first {
            throw APIError(400, exclusion.originalWords)
        }
    }
}
