import CloudConfig
import CloudConfigLinting
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension TopologyReader {
    /// The cloud-config under `cloud_config`, of the topology or of a role.
    mutating func readCloudConfig(_ fields: YAMLFields, role: String? = nil) -> CloudConfig {
        guard let node = fields["cloud_config"], !node.isNull else { return CloudConfig() }
        let (config, diagnostics) = CloudConfigLoader.load(node)
        decoder.diagnostics += diagnostics.map(Self.strict)
        // One mistake is reported once.
        let lines = Set(diagnostics.compactMap(\.location?.line))
        decoder.diagnostics += ValidationRule.findings(in: node, text: text).filter { finding in
            finding.location.map { !lines.contains($0.line) } ?? true
        }
        reportDerivedKeys(node)
        noteDisplacedUnits(of: config, in: node, role: role)
        return config
    }

    /// On a node an unknown key is only warned about, since it must come up; here there is still time to fix it.
    private static func strict(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        if diagnostic.code == .unknownKey { diagnostic.severity = .error }
        return diagnostic
    }

    /// Keys whose values follow from the topology: another value would take the node out of its cluster.
    private static let derivedKeys: [(path: [String], note: String)] = [
        (["hostname"], "a node's name is its role's with a number"),
        (["coreos", "etcd2", "name"], "a member's name is its node's"),
        (["coreos", "etcd2", "discovery"], "say `bootstrap` under the topology's `etcd`"),
        (["coreos", "etcd2", "initial_cluster"], "the members are the nodes of roles with `etcd: member`"),
        (["coreos", "etcd2", "initial_cluster_state"], "it depends on when a node joins"),
        (["coreos", "etcd2", "proxy"], "say `etcd: proxy` or `etcd: readonly` in the role"),
        (
            ["coreos", "fleet", "metadata"],
            "say `metadata` in the role, where units' constraints are checked against it"
        ),
        (
            ["coreos", "fleet", "public_ip"],
            "a node's address is its own in the topology's network: $private_ipv4 and $public_ipv4 say that"
        ),
        (["coreos", "fleet", "agent_ttl"], "say `machine_ttl` under the topology's `fleet`"),
    ]

    private mutating func reportDerivedKeys(_ node: YAMLNode) {
        for (path, note) in Self.derivedKeys {
            guard let pair = Self.pair(path[...], in: node), !Self.saysTheSame(path, pair.value) else { continue }
            decoder.report(
                "\(path.joined(separator: ".")) is not for a topology to set",
                at: pair.keyLocation,
                notes: [note]
            )
        }
        guard let pair = Self.pair(["coreos", "etcd"], in: node) else { return }
        decoder.warn(
            "coreos.etcd is for etcd of version 1, which no node runs",
            at: pair.keyLocation,
            notes: ["settings of the etcd that runs stand under coreos.etcd2"]
        )
    }

    /// Returns whether a key has the value that the node is given anyway, as nearly every CoreOS cluster's file has it.
    private static func saysTheSame(_ path: [String], _ value: YAMLNode) -> Bool {
        path == ["coreos", "fleet", "public_ip"] && ["$private_ipv4", "$public_ipv4"].contains(value.asString)
    }

    private static func pair(_ path: ArraySlice<String>, in node: YAMLNode) -> YAMLPair? {
        let pair = node.pairs?.last { $0.key.replacing("-", with: "_") == path.first }
        let rest = path.dropFirst()
        return rest.isEmpty ? pair : pair.flatMap { self.pair(rest, in: $0.value) }
    }
}
