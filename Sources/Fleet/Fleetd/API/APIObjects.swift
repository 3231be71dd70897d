import UnitFiles

/// The objects of fleet's API as they are in JSON; empty members are left out.
enum APIObjects {
    struct Unit: Codable, Sendable, Equatable {
        var currentState: String?
        var desiredState: String?
        var machineID: String?
        var name: String?
        var options: [UnitOption]?
        /// Why the unit, though wanted, is on no machine. The original has no such member.
        var statusReason: String?
    }

    struct UnitState: Encodable, Sendable {
        var hash: String?
        var machineID: String?
        var name: String?
        var systemdActiveState: String?
        var systemdLoadState: String?
        var systemdSubState: String?
    }

    struct Machine: Encodable, Sendable {
        var id: String?
        var metadata: [String: String]?
        var primaryIP: String?
    }

    struct UnitPage: Encodable, Sendable {
        var nextPageToken: String?
        var units: [Unit]?
    }

    struct UnitStatePage: Encodable, Sendable {
        var nextPageToken: String?
        var states: [UnitState]?
    }

    struct MachinePage: Encodable, Sendable {
        var machines: [Machine]?
        var nextPageToken: String?
    }

    struct Failure: Encodable, Sendable {
        struct Entity: Encodable, Sendable {
            var code: Int
            var message: String
        }

        var error: Entity
    }

    /// One change of a machine's metadata.
    struct MetadataChange: Decodable, Sendable {
        /// The original's documents show a plain text here, its program took only an object; both are taken.
        struct Value: Decodable, Sendable {
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

        var op: String
        var path: String
        var value: Value?

        private enum CodingKeys: String, CodingKey { case op, path, value }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            op = try object.decodeIfPresent(String.self, forKey: .op) ?? ""
            path = try object.decodeIfPresent(String.self, forKey: .path) ?? ""
            value = try object.decodeIfPresent(Value.self, forKey: .value)
        }
    }
}

extension String {
    /// `nil` instead of an empty text, which the API leaves out.
    var unlessEmpty: String? { isEmpty ? nil : self }
}
