import CloudConfig
import Diagnostics
import LocatedYAML
import TopologyModel

extension TopologyReader {
    /// Defaults of roles.
    struct Defaults {
        var runtime = RuntimeChoice.container
        var accelerator = Accelerator.auto
        var image: RoleImage?
        var resources = Resources()
    }

    static let resourceKeys = ["runtime", "accelerator", "image", "cpus", "memory", "disk"]
    static let roleKeys = ["count", "etcd", "metadata", "cloud_config"] + resourceKeys
    /// Keys whose absence could make the checks of the whole say something untrue.
    private static let weightyKeys = ["count", "etcd", "metadata"]

    mutating func readDefaults(_ fields: YAMLFields) -> Defaults {
        guard let fields = decoder.fields("defaults", in: fields, as: "defaults", keys: Self.resourceKeys) else {
            return Defaults()
        }
        let runtime = decoder.word("runtime", in: fields, as: RuntimeChoice.self) ?? .container
        return Defaults(
            runtime: runtime,
            accelerator: decoder.word("accelerator", in: fields, as: Accelerator.self) ?? .auto,
            image: readImage(fields, defaults: nil),
            resources: readResources(fields, runtime: runtime, defaults: Resources()),
        )
    }

    mutating func readRoles(_ fields: YAMLFields, defaults: Defaults) -> [Role] {
        guard decoder.require("roles", in: fields), let node = fields["roles"] else { return [] }
        let pairs = node.pairs ?? []
        guard !pairs.isEmpty else {
            let note = "for example: `roles: {core: {count: 1, etcd: member}}`"
            decoder.report(
                "expected a mapping of roles, found \(node.pairs == nil ? node.found : "an empty one")",
                at: fields.location(of: "roles"),
                notes: [note],
            )
            return []
        }
        // A name that comes twice is reported with the text's other faults.
        let roles = pairs.map { readRole($0, defaults: defaults) }
        let last = Dictionary(roles.map { ($0.name, $0.location) }) { $1 }
        return roles.filter { last[$0.name] == $0.location }
    }

    private mutating func readRole(_ pair: YAMLPair, defaults: Defaults) -> Role {
        let what = "role \"\(pair.key)\""
        checkName(pair.key, of: "the role's name", limit: NameRule.roleLimit, at: pair.keyLocation)
        let keys = Self.roleKeys
        let value = pair.value.isNull ? YAMLNode(pair.value.content, at: pair.keyLocation) : pair.value
        guard let fields = decoder.fields(of: value, as: what, keys: keys) else {
            (knowsEtcd, knowsMetadata) = (false, false)
            return Role(name: pair.key, count: 0, etcd: .proxy, location: pair.keyLocation)
        }
        noteUnknownKeys(of: fields, keys: keys)
        let runtime = decoder.word("runtime", in: fields, as: RuntimeChoice.self) ?? defaults.runtime
        var role = Role(
            name: pair.key,
            count: decoder.int("count", in: fields) ?? (fields["count"] == nil ? 1 : 0),
            runtime: runtime,
            accelerator: decoder.word("accelerator", in: fields, as: Accelerator.self) ?? defaults.accelerator,
            image: readImage(fields, defaults: defaults.image),
            etcd: readEtcdRole(fields),
            resources: readResources(fields, runtime: runtime, defaults: defaults.resources),
            metadata: readMetadata(fields),
            cloudConfig: readCloudConfig(fields, role: pair.key),
            location: pair.keyLocation,
            countLocation: fields["count"].map { _ in fields.location(of: "count") },
        )
        if runtime == .container { noteIgnoredResources(of: pair.key, in: fields) }
        if fields["count"]?.asInt(.core) != nil, let finding = role.countFinding() {
            decoder.diagnostics.append(finding)
            role.count = 0
        }
        return role
    }

    /// Containers have the host's processors and the room on its disk.
    private mutating func noteIgnoredResources(of role: String, in fields: YAMLFields) {
        for key in ["cpus", "disk"] where fields[key] != nil {
            let message = "\(key) has no effect: the nodes of role \"\(role)\" are containers, which share the host's"
            decoder.warn(message, at: fields.location(of: key), notes: ["it counts for virtual machines (runtime: vm)"])
        }
    }

    private mutating func noteUnknownKeys(of fields: YAMLFields, keys: [String]) {
        for pair in fields.pairs where !keys.contains(pair.key) {
            if let meant = Spelling.nearest(to: pair.key, among: keys), !Self.weightyKeys.contains(meant) { continue }
            (knowsEtcd, knowsMetadata) = (false, false)
        }
    }

    private mutating func readEtcdRole(_ fields: YAMLFields) -> EtcdRole {
        guard fields["etcd"] != nil else { return .proxy }
        if let role = decoder.word("etcd", in: fields, as: EtcdRole.self) { return role }
        knowsEtcd = false
        return .proxy
    }

    // MARK: Resources

    private mutating func readResources(
        _ fields: YAMLFields,
        runtime: RuntimeChoice,
        defaults: Resources,
    ) -> Resources {
        Resources(
            cpus: integer("cpus", in: fields, range: 1...512) ?? defaults.cpus,
            memoryMiB: readMemory(fields, runtime: runtime) ?? defaults.memoryMiB,
            diskGiB: readDisk(fields) ?? defaults.diskGiB,
        )
    }

    private mutating func readMemory(_ fields: YAMLFields, runtime: RuntimeChoice) -> Int? {
        guard let memory = size("memory", in: fields) else { return nil }
        let least = runtime.leastMemoryMiB
        guard memory < least else { return memory }
        let message = "\(memory)MiB of memory is too little for a node; \(least)MiB is the least"
        decoder.report(message, at: fields.location(of: "memory"))
        return nil
    }

    private mutating func readDisk(_ fields: YAMLFields) -> Int? {
        guard let disk = size("disk", in: fields) else { return nil }
        guard !disk.isMultiple(of: 1024) else { return disk / 1024 }
        let message = "a disk is a whole number of GiB, not \(disk)MiB"
        decoder.report(message, at: fields.location(of: "disk"), notes: ["did you mean \(disk / 1024 + 1)GiB?"])
        return nil
    }

    /// A size in MiB.
    private mutating func size(_ key: String, in fields: YAMLFields) -> Int? {
        guard let text = decoder.string(key, in: fields) else { return nil }
        do {
            return try Quantity.mebibytes(text)
        } catch {
            report(error, at: fields.location(of: key))
            return nil
        }
    }

    mutating func report(_ fault: Quantity.Fault, at location: SourceLocation) {
        decoder.report(fault.message, at: location, notes: fault.suggestion.map { ["did you mean \($0)?"] } ?? [])
    }

    // MARK: Metadata

    private mutating func readMetadata(_ fields: YAMLFields) -> [String: String] {
        guard let pair = fields.pair("metadata") else { return [:] }
        guard let pairs = pair.value.pairs else {
            knowsMetadata = false
            let location = fields.location(of: "metadata")
            let note = "for example: `metadata: {role: worker}`"
            decoder.report(
                "expected a mapping for \"metadata\", found \(pair.value.found)",
                at: location,
                notes: [note]
            )
            return [:]
        }
        return pairs.reduce(into: [:]) { metadata, pair in
            guard let value = readMetadataValue(pair) else { return }
            metadata[pair.key] = value
        }
    }

    private mutating func readMetadataValue(_ pair: YAMLPair) -> String? {
        if let fault = Self.metadataFault(pair.key) {
            knowsMetadata = false
            decoder.report("the metadata key \"\(pair.key)\" \(fault)", at: pair.keyLocation)
            return nil
        }
        guard let value = pair.value.asString else {
            knowsMetadata = false
            let location = pair.value.isNull ? pair.keyLocation : pair.value.location
            decoder.report("expected text for \"\(pair.key)\", found \(pair.value.found)", at: location)
            return nil
        }
        guard let fault = Self.metadataFault(value) else { return value }
        knowsMetadata = false
        decoder.report("the metadata value \"\(value)\" \(fault)", at: pair.value.location)
        return nil
    }

    /// fleet is given metadata as one line, `key=value,key=value`.
    private static func metadataFault(_ text: String) -> String? {
        if text.isEmpty { return "is empty" }
        let stranger = text.first { $0.isWhitespace || "=,\"'\\".contains($0) }
        return stranger.map { "contains \($0.isWhitespace ? "white space" : "`\($0)`"), which fleet's metadata cannot" }
    }
}
