import FleetAPI
import FleetState

extension APIResponder {
    /// Changes of metadata in one request; all of them are written in one transaction of etcd.
    static let maximumChanges = 100
    static let maximumKey = 128
    static let maximumValue = 4096

    /// The original never looked at the type of this request's body, so neither does this.
    func patchMachines(_ request: APIRequest) async throws -> APIResponse {
        let sent = try Self.decode([APIMetadataChange].self, request)
        guard sent.count <= Self.maximumChanges else {
            throw APIError(413, "\(sent.count) changes in one request; at most \(Self.maximumChanges) are allowed")
        }
        let changes = try sent.map(Self.change)
        if !changes.isEmpty { await settle(try await registry.setMetadata(changes)) }
        // The original names a type here, and with no other answer that has no body.
        return APIResponse(status: 204, body: "")
    }

    private static func change(
        _ change: APIMetadataChange,
    ) throws(APIError) -> (machine: String, key: String, value: String?) {
        guard ["add", "remove", "replace"].contains(change.op) else {
            throw APIError(400, "invalid op: expect add, remove, or replace")
        }
        let parts = change.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0].isEmpty, isID(parts[1]), parts[2] == "metadata", isKey(parts[3]) else {
            throw APIError(400, "machine metadata path invalid")
        }
        guard change.op != "remove" else { return (parts[1], parts[3], nil) }
        guard let value = change.value, !value.isEmpty else {
            throw APIError(400, "invalid value: add and replace require a value")
        }
        guard value.utf8.count <= maximumValue, !value.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw APIError(400, "invalid value: at most \(maximumValue) bytes, and no control characters")
        }
        return (parts[1], parts[3], value)
    }

    private static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= maximumKey && !text.unicodeScalars.contains { $0.value < 0x20 }
    }

    private static func isKey(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= maximumKey
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-".contains($0)) }
    }
}
