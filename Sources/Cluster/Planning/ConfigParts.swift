/// Digests of what a restart brings to a node, part by part: they tell which part it was that changed.
///
/// A digest is of eight hexadecimal digits and depends on the node's private host key, so that no reader of it can
/// try out what a file or a password may be.
package struct ConfigParts: Sendable, Hashable, Codable, CustomStringConvertible {
    /// By the part's name: a key of the topology file, such as `memory` or `cloud_config.users`, or `keys`,
    /// `certificates`, `programs`. What is empty has none.
    package private(set) var digests: [String: String] = [:]

    /// Digests of the parts as texts.
    ///
    /// - Parameter secret: what the digests depend on.
    init(_ texts: [String: String], secret: String) {
        for (name, text) in texts where !text.isEmpty {
            digests[name] = String(sha256Hex("\(secret)\n\(name)\n\(text)").prefix(8))
        }
    }

    /// Reads what ``description`` writes; nil for anything else.
    package init?(_ text: String) {
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            digests[String(parts[0])] = String(parts[1])
        }
    }

    /// `cpus=1f0c22ab memory=77ab0123`, sorted.
    package var description: String {
        digests.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// The same with the digests of `other` where they are those of `own`: for a record that depends on another secret.
    package func translated(from own: ConfigParts, to other: ConfigParts) -> ConfigParts {
        var translated = self
        translated.digests = digests.reduce(into: [:]) { result, part in
            result[part.key] = part.value == own.digests[part.key] ? other.digests[part.key] : part.value
        }
        return translated
    }

    /// Names of the parts that differ from the planned ones.
    func changed(in planned: ConfigParts) -> Set<String> {
        Set(digests.keys).union(planned.digests.keys).filter { digests[$0] != planned.digests[$0] }
    }

    /// Digest of the keys that a node lets in and is known by: of the secret of whoever made it alone.
    var keys: String? { digests["keys"] }

    /// Returns the names of the parts that differ from the planned ones, for the reason of a step: `memory and
    /// cloud_config.users`.
    func difference(to planned: ConfigParts) -> String {
        let names = changed(in: planned)
        // All the others depend on them.
        if names.contains("keys") { return "keys" }
        let words = names.sorted().map { $0 == "programs" ? "node programs" : $0 }
        guard let last = words.last else { return "cloud-config, as this version of slipway writes it," }
        return words.count == 1 ? last : words.dropLast().joined(separator: ", ") + " and " + last
    }
}

extension ObservedNode {
    /// Returns whether the node has other keys than are planned for it; false where nothing is known of them.
    package func hasOtherKeys(than plan: NodePlan) -> Bool {
        guard let own = details.configParts?.keys, let planned = plan.configParts?.keys else { return false }
        return own != planned
    }
}
