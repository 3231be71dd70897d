import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension ValidationRule {
    static let flatcar = [flatcarKeys, flatcarTypes, flatcarHostname, flatcarServices, flatcarStrategy]

    /// Since 2024 Flatcar reads only `_`; the key with `-` is dropped, and its validator says nothing.
    static let flatcarKeys = ValidationRule("Flatcar: keys") { root in
        hyphenated(root, shape: .cloudConfig).map { pair in
            .error(
                "Flatcar ignores \"\(pair.key)\"",
                at: pair.keyLocation,
                notes: ["write \(pair.foldedKey): every version reads that"],
            )
        }
    }

    /// A value of a wrong type makes Flatcar refuse the whole file.
    static let flatcarTypes = ValidationRule("Flatcar: types") { root in
        mistyped(root, shape: .cloudConfig)
    }

    static let flatcarHostname = ValidationRule("Flatcar: hostname") { root in
        guard let pair = root.pair(["hostname"]), let name = pair.value.asString, !name.isEmpty else { return [] }
        let short = name.prefix { $0 != "." }.prefix(63)
        guard short.count < name.count else { return [] }
        return [.warning("Flatcar cuts the hostname to \"\(short)\"", at: pair.valueLocation)]
    }

    /// Flatcar's locksmith knows three strategies.
    static let flatcarStrategy = ValidationRule("Flatcar: reboot strategy") { root in
        guard let pair = root.pair(["coreos", "update", "reboot_strategy"]),
            pair.value.asString == RebootStrategy.bestEffort.rawValue
        else { return [] }
        return [
            .error(
                "Flatcar has no reboot strategy \"best-effort\"",
                at: pair.valueLocation,
                notes: ["write etcd-lock, reboot or off"],
            )
        ]
    }

    /// Sections for programs that Flatcar does not have.
    static let flatcarServices = ValidationRule("Flatcar: services") { root in
        let missing = [
            ("etcd", "put ETCD_ variables into a drop-in of etcd-member.service"),
            ("etcd2", "put the same ETCD_ variables into a drop-in of etcd-member.service"),
            ("fleet", "Flatcar has no fleet: bring fleetd as a file and a unit"),
        ]
        return missing.compactMap { section, note in
            guard let pair = root.pair(["coreos", section]) else { return nil }
            return .warning("coreos.\(section) reaches no service on Flatcar", at: pair.keyLocation, notes: [note])
        }
    }
}

private func hyphenated(_ node: YAMLNode, shape: ConfigShape) -> [YAMLPair] {
    switch shape {
    case .string, .int, .bool, .double, .strings: return []
    case .mappings(let keys): return (node.elements ?? []).flatMap { hyphenated($0, shape: .mapping(keys)) }
    case .mapping(let keys):
        return (node.pairs ?? []).flatMap { pair -> [YAMLPair] in
            guard let key = keys.first(where: { $0.name == pair.foldedKey }) else { return [] }
            return (pair.key == pair.foldedKey ? [] : [pair]) + hyphenated(pair.value, shape: key.shape)
        }
    }
}

private func mistyped(_ node: YAMLNode, shape: ConfigShape) -> [Diagnostic] {
    switch shape {
    case .string, .int, .bool, .double, .strings: return []
    case .mappings(let keys): return (node.elements ?? []).flatMap { mistyped($0, shape: .mapping(keys)) }
    case .mapping(let keys):
        return (node.pairs ?? []).flatMap { pair -> [Diagnostic] in
            guard let key = keys.first(where: { $0.name == pair.foldedKey }), !pair.value.isNull else { return [] }
            guard pair.value.fits(key.shape) else {
                let message = "Flatcar refuses the whole file: \"\(pair.key)\" wants \(key.shape.typeName)"
                return [.error(message, at: pair.valueLocation)]
            }
            if case .bool = key.shape, pair.value.asBool(.core) == nil {
                let message = "Flatcar's validator does not take this for a boolean"
                return [.warning(message, at: pair.valueLocation, notes: ["write true or false"])]
            }
            return mistyped(pair.value, shape: key.shape)
        }
    }
}
