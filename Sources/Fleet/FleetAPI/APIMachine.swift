/// A machine as fleet's API shows it; empty members are left out.
package struct APIMachine: Sendable, Hashable, Codable {
    /// Machine ID.
    package var id: String
    /// Metadata by key.
    package var metadata: [String: String]?
    /// Address that other machines reach it at.
    package var primaryIP: String?

    package init(id: String, metadata: [String: String]? = nil, primaryIP: String? = nil) {
        self.id = id
        self.metadata = metadata
        self.primaryIP = primaryIP
    }
}

/// One change of a machine's metadata, in the manner of JSON Patch.
package struct APIMetadataChange: Decodable, Sendable {
    /// `add`, `remove` or `replace`.
    package var op: String
    /// `/ID/metadata/KEY`
    package var path: String
    /// New value; nil where a key is removed.
    package var value: String?

    /// The original's documents show a plain text as the value, its program took only an object; both are taken.
    private struct Value: Decodable {
        var value: String?

        private enum CodingKeys: String, CodingKey { case value }

        init(from decoder: any Decoder) throws {
            if let plain = try? decoder.singleValueContainer().decode(String.self) {
                value = plain
            } else {
                let object = try decoder.container(keyedBy: CodingKeys.self)
                value = try object.decodeIfPresent(String.self, forKey: .value)
            }
        }
    }

    private enum CodingKeys: String, CodingKey { case op, path, value }

    package init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        op = try object.decodeIfPresent(String.self, forKey: .op) ?? ""
        path = try object.decodeIfPresent(String.self, forKey: .path) ?? ""
        value = try object.decodeIfPresent(Value.self, forKey: .value)?.value
    }
}
