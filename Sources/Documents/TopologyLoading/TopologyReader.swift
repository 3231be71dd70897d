import CloudConfig
import Diagnostics
import LocatedYAML
import TopologyModel
import UnitFiles

/// Goes through the tree of one topology file.
///
/// Reader of a topology. A faulty value is reported and replaced by a default, so that the rest can be checked too.
/// Checks of the whole run only on values that were understood, so that one mistake is reported once.
struct TopologyReader {
    let file: String
    let files: any FileReading
    /// The text of the file.
    let text: String
    var decoder = YAMLDecoder()
    /// Texts of the unit files read.
    var sources: [String: String] = [:]

    /// True when every role's etcd, metadata, and the network were understood.
    var knowsEtcd = true
    var knowsMetadata = true
    var knowsNetwork = true
    /// True when the containers' network was understood.
    var knowsFlannel = true

    /// Units of nodes that a `cloud_config` keeps from running.
    var displaced: [DisplacedUnit] = []

    init(file: String, text: String, files: any FileReading) {
        self.file = file
        self.text = text
        self.files = files
    }

    static let keys = [
        "name", "autostart", "defaults", "network", "etcd", "fleet", "docker", "flannel", "ssh_authorized_keys",
        "roles",
        "cloud_config",
        "units", "image", "update", "repair",
    ]

    /// Keys that only a cloud-config has.
    private static let cloudConfigKeys = ["coreos", "write_files", "write-files", "users", "hostname"]

    mutating func read(_ root: YAMLNode) -> Topology? {
        if root["roles"] == nil, let key = Self.cloudConfigKeys.first(where: { root[$0] != nil }) {
            decoder.report(
                "\"\(key)\" belongs to a cloud-config, and this file is no topology",
                at: root.location,
                notes: ["the first line of a cloud-config is exactly #cloud-config"],
            )
            return nil
        }
        guard let fields = decoder.fields(of: root, as: "the topology", keys: Self.keys) else { return nil }
        let name = readName(fields)
        let defaults = readDefaults(fields)
        let topology = Topology(
            name: name,
            network: readNetwork(fields, cluster: name),
            etcd: readEtcd(fields),
            fleet: readFleet(fields),
            docker: readDocker(fields),
            flannel: readFlannel(fields),
            sshAuthorizedKeys: readKeys(fields),
            roles: readRoles(fields, defaults: defaults),
            cloudConfig: readCloudConfig(fields),
            units: readUnits(fields),
            autostart: decoder.bool("autostart", in: fields) ?? true,
            root: readRoot(fields),
            repair: decoder.word("repair", in: fields, as: RepairPolicy.self) ?? .propose,
        )
        decoder.diagnostics += findings(of: topology)
        return topology
    }

    mutating func reportEmptyFile() {
        decoder.report(
            "the file is empty",
            at: SourceLocation(file: file, line: 1, column: 1),
            notes: ["the least there is: `name: demo`, and under `roles` a `core: {count: 1, etcd: member}`"],
        )
    }

    private func findings(of topology: Topology) -> [Diagnostic] {
        guard !topology.roles.isEmpty else { return [] }
        var findings: [Diagnostic] = []
        if knowsEtcd { findings += topology.memberFindings() + topology.tlsFindings() }
        findings += topology.portFindings() + topology.imageFindings() + displacementFindings(topology)
        if knowsNetwork { findings += topology.networkFindings() }
        if knowsNetwork, knowsFlannel, knowsEtcd { findings += topology.flannelFindings() }
        if knowsEtcd { findings += topology.namesFindings() }
        if knowsMetadata { findings += topology.placementFindings() }
        return findings
    }

    // MARK: Names

    private mutating func readName(_ fields: YAMLFields) -> String {
        guard let name = decoder.requiredString("name", in: fields) else { return "unnamed" }
        let place = fields.location(of: "name")
        checkName(name, of: "the topology's name", limit: NameRule.clusterLimit, at: place)
        return name
    }

    mutating func checkName(_ name: String, of what: String, limit: Int, at location: SourceLocation) {
        guard let problem = NameRule.problem(with: name, limit: limit) else { return }
        let near = NameRule.suggestion(for: name, limit: limit)
        decoder.report(
            "\(what) \"\(name)\" \(problem)",
            at: location,
            notes: near.map { ["did you mean \"\($0)\"?"] } ?? []
        )
    }

    // MARK: Numbers

    /// A whole number within `range`; nil, and a report, for anything else.
    mutating func integer(_ key: String, in fields: YAMLFields, range: ClosedRange<Int>) -> Int? {
        guard let number = decoder.int(key, in: fields) else { return nil }
        guard !range.contains(number) else { return number }
        let message = "\"\(key)\" must be from \(range.lowerBound) to \(range.upperBound), not \(number)"
        decoder.report(message, at: fields.location(of: key))
        return nil
    }
}
