import FoundationEssentials

/// Number of machines that may reboot at a time, and those that do: the JSON document that locksmith keeps in etcd.
package struct RebootSemaphore: Sendable, Hashable, Decodable {
    /// Places that are free; less than 0 after `max` was lowered below the number of holders.
    package var semaphore: Int
    /// Places in all.
    package var max: Int
    /// Machine IDs, sorted.
    package var holders: [String]

    /// Creates a semaphore without holders.
    package init(max: Int = 1) {
        semaphore = max
        self.max = max
        holders = []
    }

    /// Reads a document of locksmith's; nil for another text.
    package init?(json: String) {
        guard let read = try? JSONDecoder().decode(Self.self, from: Data(json.utf8)) else { return nil }
        self = read
    }

    private enum CodingKeys: CodingKey {
        case semaphore, max, holders
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        semaphore = try container.decode(Int.self, forKey: .semaphore)
        max = try container.decode(Int.self, forKey: .max)
        // Go writes an empty list that was never used as null.
        holders = try container.decodeIfPresent([String].self, forKey: .holders) ?? []
    }

    /// Gives a machine a place.
    ///
    /// - Returns: whether it has one now; false when none is free.
    package mutating func take(_ holder: String) -> Bool {
        if holders.contains(holder) { return true }
        guard semaphore > 0 else { return false }
        semaphore -= 1
        holders = (holders + [holder]).sorted()
        return true
    }

    /// Takes a machine's place back.
    ///
    /// - Returns: whether it had one.
    package mutating func release(_ holder: String) -> Bool {
        guard let index = holders.firstIndex(of: holder) else { return false }
        holders.remove(at: index)
        semaphore += 1
        return true
    }

    /// Changes how many may hold it at a time.
    package mutating func setMax(_ count: Int) {
        semaphore += count - max
        max = count
    }

    /// The document as locksmith writes it.
    package func json() throws -> String {
        let names = try holders.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        let list = names.isEmpty ? "null" : "[\(names.joined(separator: ","))]"
        return #"{"semaphore":\#(semaphore),"max":\#(max),"holders":\#(list)}"#
    }
}
