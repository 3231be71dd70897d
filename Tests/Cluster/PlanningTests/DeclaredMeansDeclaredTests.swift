import CloudConfig
import Diagnostics
import Planning
import TestKit
import Testing
import TopologyLoading
import TopologyModel

/// Whatever is changed in a topology file, the next plan does something about it, or refuses it; only what cannot
/// concern a cluster that lives leaves nothing to do.
@Suite struct DeclaredMeansDeclaredTests {
    private static let text = """
        name: demo
        autostart: true
        defaults: {runtime: container, cpus: 1, memory: 1GiB, disk: 10GiB}
        network: {cidr: 10.9.0.0/24, mode: nat, names: false}
        etcd: {tls: false}
        fleet: {enabled: true, machine_ttl: 5s, tcp: false, insecure: false}
        docker: {tls: false, tcp: false, insecure: false, registry_mirrors: [], insecure_registries: []}
        flannel: {network: 10.1.0.0/16, subnet_length: 24, backend: vxlan}
        ssh_authorized_keys: []
        roles:
          central: {count: 1, etcd: member}
          worker: {count: 2, etcd: proxy, metadata: {zone: a}, cloud_config: {manage_etc_hosts: localhost}}
          box: {count: 1, runtime: vm, etcd: proxy, accelerator: tcg, cpus: 1, memory: 1GiB, disk: 10GiB}
        cloud_config: {coreos: {update: {group: x}}}
        units:
          - {file: one.service, state: launched}
          - {file: many@.service, instances: 2}

        """

    private struct Change: CustomStringConvertible {
        var key: String
        var before: String
        var after: String

        var description: String { key }

        init(_ key: String, _ before: String, _ after: String) {
            (self.key, self.before, self.after) = (key, before, after)
        }
    }

    private static let changes = [
        Change("autostart", "autostart: true", "autostart: false"),
        Change("defaults.runtime", "{runtime: container, cpus: 1", "{runtime: vm, cpus: 1"),
        Change(
            "defaults.memory",
            "cpus: 1, memory: 1GiB, disk: 10GiB}\nnetwork",
            "cpus: 1, memory: 2GiB, disk: 10GiB}\nnetwork"
        ),
        Change("network.cidr", "10.9.0.0/24", "10.10.0.0/24"), Change("network.mode", "mode: nat", "mode: isolated"),
        Change("network.names", "names: false", "names: true"),
        Change("etcd.tls", "etcd: {tls: false}", "etcd: {tls: true}"),
        Change("fleet.enabled", "enabled: true", "enabled: false"),
        Change("fleet.machine_ttl", "machine_ttl: 5s", "machine_ttl: 9s"),
        Change(
            "fleet.tcp",
            "machine_ttl: 5s, tcp: false, insecure: false",
            "machine_ttl: 5s, tcp: true, insecure: true"
        ),
        Change("docker.tls", "docker: {tls: false", "docker: {tls: true"),
        Change("docker.tcp", "tcp: false, insecure: false, registry", "tcp: true, insecure: true, registry"),
        Change("docker.registry_mirrors", "registry_mirrors: []", "registry_mirrors: ['http://10.0.0.1:5000']"),
        Change("docker.insecure_registries", "insecure_registries: []", "insecure_registries: ['10.0.0.1:5000']"),
        Change("flannel.network", "10.1.0.0/16", "10.2.0.0/16"),
        Change("flannel.subnet_length", "subnet_length: 24", "subnet_length: 25"),
        Change("flannel.backend", "backend: vxlan", "backend: host-gw"),
        Change("ssh_authorized_keys", "ssh_authorized_keys: []", "ssh_authorized_keys: ['ssh-ed25519 \(key) me']"),
        Change("roles", "  box:", "  crate:"), Change("roles.count", "count: 2", "count: 1"),
        Change("roles.etcd", "count: 2, etcd: proxy", "count: 2, etcd: readonly"),
        Change("roles.metadata", "zone: a", "zone: b"),
        Change("roles.cloud_config", ", cloud_config: {manage_etc_hosts: localhost}", ""),
        Change("roles.runtime", "runtime: vm", "runtime: container"),
        Change("roles.accelerator", "accelerator: tcg", "accelerator: kvm"),
        Change("roles.cpus", "tcg, cpus: 1", "tcg, cpus: 2"),
        Change("roles.memory", "tcg, cpus: 1, memory: 1GiB", "tcg, cpus: 1, memory: 2GiB"),
        Change("roles.disk", "memory: 1GiB, disk: 10GiB}\ncloud", "memory: 1GiB, disk: 20GiB}\ncloud"),
        Change("roles.disk", "memory: 1GiB, disk: 10GiB}\ncloud", "memory: 1GiB, disk: 5GiB}\ncloud"),
        Change("cloud_config", "group: x", "group: y"),
        Change("units.file", "  - {file: one.service, state: launched}\n", ""),
        Change("units.state", "state: launched", "state: inactive"),
        Change("units.instances", "instances: 2", "instances: 1"),
    ]

    private static let key = "AAAAC3NzaC1lZDI1NTE5AAAAIGx1c2VyLWlzLW5vdC1hLXJlYWwta2V5LWJ1dC1maXRz"

    /// Keys whose change leaves a cluster that lives as it is, and why.
    private static let exempt = [
        "name": "another name is another cluster", "etcd.bootstrap": "members meet once",
        "etcd.discovery": "members meet once", "fleet.insecure": "says that another key is meant",
        "docker.insecure": "says that another key is meant", "defaults.cpus": "as in a role",
        "defaults.disk": "as in a role", "defaults.accelerator": "as in a role", "defaults.image": "as in a role",
        "roles.image": "ImageTests", "image": "UpgradeTests", "update": "UpgradeTests",
        "repair": "NodeLossTests",
    ]

    private func topology(_ text: String) throws -> Topology {
        let unit = "[Service]\nExecStart=/bin/sleep infinity\n"
        let files = MemoryFiles(["one.service": unit, "many@.service": unit])
        return try TopologyLoader(files: files).load(text, file: "a.yaml").checked()
    }

    @Test(arguments: changes.indices)
    func isDoneOrRefused(index: Int) throws {
        let change = Self.changes[index]
        let changed = Self.text.replacing(change.before, with: change.after)
        try #require(changed != Self.text, "\(change)")
        var cluster = Simulation()
        cluster.apply(try Fixture.plan(try topology(Self.text)))
        try #require(cluster.faults == [])
        try #require(try Fixture.plan(try topology(Self.text), cluster.observed).isEmpty)
        do {
            let wanted = try topology(changed)
            let plan = try Fixture.plan(wanted, cluster.observed)
            #expect(!plan.isEmpty, "nothing to do, although \(change) is another")
            cluster.apply(plan)
            #expect(cluster.faults == [], "\(change)")
            #expect(try Fixture.plan(wanted, cluster.observed).ids == [], "\(change) is asked for again and again")
        } catch is DiagnosticsError {
            // Refused, with a reason.
        }
    }

    @Test func everyKeyIsTried() {
        func keys(_ schema: JSONSchema, _ path: [String]) -> [String] {
            guard case .object(let rules) = schema else { return [] }
            if case .object(let properties)? = rules["properties"], path.last != "image" {
                return properties.flatMap { key, value in
                    let own = path + [key]
                    let inner = key == "metadata" ? [] : keys(value, own)
                    return inner.isEmpty || key == "roles" ? [own.joined(separator: ".")] + inner : inner
                }
            }
            return ["items", "additionalProperties"].flatMap { rules[$0].map { keys($0, path) } ?? [] }
        }
        let known = Set(Self.changes.map(\.key)).union(Self.exempt.keys)
        #expect(Set(keys(TopologySchema.jsonSchema, [])).symmetricDifference(known) == [])
    }
}
