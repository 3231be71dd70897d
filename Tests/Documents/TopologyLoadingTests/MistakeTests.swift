import Diagnostics
import TestKit
import Testing
import TopologyLoading

/// One mistake a line, and what is said about it.
@Suite struct MistakeTests {
    @Test(arguments: [
        (
            "Demo", "1:7+4 error: the topology's name \"Demo\" must start with a lower-case letter",
            "did you mean \"demo\"?"
        ),
        (
            "a_b", "1:7+3 error: the topology's name \"a_b\" may hold only lower-case letters, digits and hyphens",
            "did you mean \"a-b\"?"
        ),
        ("a-", "1:7+2 error: the topology's name \"a-\" must not end with a hyphen", "did you mean \"a\"?"),
        ("\"\"", "1:7+2 error: the topology's name \"\" is empty", nil),
        ("[x]", "1:7+1 error: expected text for \"name\", found a list", nil),
        ("7", "1:7+1 error: the topology's name \"7\" must start with a lower-case letter", nil),
    ])
    func names(name: String, message: String, note: String?) {
        #expect(
            Fixture.report(Fixture.topology(name: name)) == ["a.yaml:\(message)"] + (note.map { ["  \($0)"] } ?? [])
        )
    }

    @Test(
        arguments: [
            (
                "network: {cidr: 10.0.0.0/33}",
                "17+11 error: \"10.0.0.0/33\" is not an IPv4 network such as 10.71.3.0/24", nil
            ),
            (
                "network: {cidr: 10.0.0.7/24}", "17+11 error: 10.0.0.7/24 is an address within a network",
                "did you mean 10.0.0.0/24?"
            ),
            ("network: {cidr: 10.9.8.0}", "17+8 error: 10.9.8.0 has no prefix length", "did you mean 10.9.8.0/24?"),
            (
                "network: {cidr: \"fd00::/64\"}",
                "17+11 error: \"fd00::/64\" is not an IPv4 network such as 10.71.3.0/24", nil
            ),
            (
                "network: {cidr: 127.0.0.0/24}",
                "17+12 error: 127.0.0.0/24 clashes with 127.0.0.0/8, every machine's loopback",
                "take a private network, such as 10.86.78.0/24"
            ),
            (
                "network: {cidr: 172.17.1.0/24}",
                "17+13 error: 172.17.1.0/24 clashes with 172.17.0.0/16, Docker's own bridge on every node",
                "take a private network, such as 10.86.78.0/24"
            ),
            (
                "network: {cidr: 8.8.8.0/24}", "17+10 warning: 8.8.8.0/24 is not a private network",
                "addresses of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 belong to no one"
            ),
            ("network: {mode: natt}", "17+4 error: \"mode\" cannot be \"natt\"", "did you mean \"nat\"?"),
            (
                "network: 10.0.0.0/24", "10+11 error: expected a mapping for network, found the text \"10.0.0.0/24\"",
                nil
            ),
            ("etcd: {bootstrap: dns}", "19+3 error: \"bootstrap\" cannot be \"dns\"", "valid: static, discovery"),
            (
                "etcd: {bootstrap: discovery, discovery: \"http://10.0.0.1:8087\"}",
                "41+22 error: \"http://10.0.0.1:8087\" has no token",
                "ask the service for one and write its answer here: curl http://10.0.0.1:8087/new?size=3"
            ),
            (
                "etcd: {discovery: \"http://10.0.0.1:8087/t\"}",
                "19+24 error: \"discovery\" needs `bootstrap: discovery` beside it", nil
            ),
            (
                "etcd: {bootstrap: discovery, discovery: 10.0.0.1}",
                "41+8 error: \"10.0.0.1\" is not a URL such as http://host:8087/TOKEN", nil
            ),
            (
                "fleet: {machine_tll: 5s}", "9+11 error: unknown key \"machine_tll\" in fleet",
                "did you mean \"machine_ttl\"?"
            ),
            (
                "fleet: {machine_ttl: 1s}", "22+2 error: \"machine_ttl\" must be from 2s to 1h, not 1s",
                "a machine that is only busy would be taken for dead, or a dead one for busy"
            ),
            ("fleet: {machine_ttl: soon}", "22+4 error: \"soon\" is not a duration such as 5s or 1m", nil),
            (
                "fleet: {tcp: true}",
                "14+4 error: fleet's API by TCP without TLS lets whoever reaches the port run anything on every node",
                "take `tcp` out: `slipway env` lets fleetctl go by ssh"
            ),
            (
                "docker: {tcp: true}",
                "15+4 error: Docker by TCP without TLS lets whoever reaches the port do anything on every node",
                "write `tls: true` instead of `tcp`"
            ),
            ("docker: {tcp: \"true\"}", "15+6 error: expected true or false for \"tcp\", found the text \"true\"", nil),
            (
                "docker: {registry_mirrors: http://a}",
                "28+8 error: expected a list for \"registry_mirrors\", found the text \"http://a\"", nil
            ),
            (
                "docker: {insecure_registries: [\"http://a:5000\"]}",
                "32+15 error: \"http://a:5000\" must be a host, not a URL", "did you mean a:5000?"
            ),
            ("ssh_authorized_keys: [{}]", "23+1 error: expected text in \"ssh_authorized_keys\", found a mapping", nil),
            (
                "defaults: {memory: 1GB}", "20+3 error: \"1GB\" is not a size such as 512MiB or 10GiB",
                "did you mean 1GiB?"
            ),
            (
                "defaults: {memory: 1.5GiB}", "20+6 error: a size must be a whole number above zero, not 1.5",
                "did you mean 1536MiB?"
            ),
            (
                "defaults: {memory: 2048}", "20+4 error: \"2048\" is not a size such as 512MiB or 10GiB",
                "did you mean 2048MiB?"
            ),
            (
                "defaults: {memory: 64MiB}",
                "20+5 error: 64MiB of memory is too little for a node; 128MiB is the least", nil
            ),
            (
                "defaults: {runtime: vm, memory: 256M}",
                "33+4 error: 256MiB of memory is too little for a node; 512MiB is the least", nil
            ),
            (
                "defaults: {disk: 1500MiB}", "18+7 error: a disk is a whole number of GiB, not 1500MiB",
                "did you mean 2GiB?"
            ),
            ("defaults: {memory: 99999999999GiB}", "20+14 error: \"99999999999GiB\" is more than any host has", nil),
            ("defaults: {cpus: 0}", "18+1 error: \"cpus\" must be from 1 to 512, not 0", nil),
            ("defaults: {cpus: two}", "18+3 error: expected a whole number for \"cpus\", found the text \"two\"", nil),
            ("rolse: {}", "1+5 error: unknown key \"rolse\" in the topology", "did you mean \"roles\"?"),
        ] as [(String, String, String?)]
    )
    func settings(line: String, message: String, note: String?) {
        let report = Fixture.report(Fixture.topology(settings: line))
        #expect(report.first == "a.yaml:2:\(message)")
        if let note { #expect(report.dropFirst().first == "  \(note)") }
        #expect(report.filter { !$0.hasPrefix("  ") }.count == 1)
    }

    @Test(arguments: [
        ("{}", "8+1 error: expected a mapping of roles, found an empty one"),
        ("[core]", "8+1 error: expected a mapping of roles, found a list"),
        ("{core: }", "9+4 error: expected a mapping for role \"core\", found nothing"),
        ("{core: 3}", "15+1 error: expected a mapping for role \"core\", found the number 3"),
        ("{core: {count: 0, etcd: member}}", "23+1 error: role \"core\" needs at least one node, not 0"),
        ("{core: {count: -3, etcd: member}}", "23+2 error: role \"core\" needs at least one node, not -3"),
        (
            "{core: {count: 10001, etcd: member}}",
            "23+5 error: role \"core\" cannot have 10001 nodes; 10000 are the most"
        ),
        (
            "{core: {count: two, etcd: member}}",
            "23+3 error: expected a whole number for \"count\", found the text \"two\""
        ),
        (
            "{core: {count: 1.5, etcd: member}}",
            "23+3 error: expected a whole number for \"count\", found the number 1.5"
        ),
        ("{core: {count: 1, etcd: membre}}", "32+6 error: \"etcd\" cannot be \"membre\""),
        ("{core: {count: 1, ectd: member}}", "26+4 error: unknown key \"ectd\" in role \"core\""),
        ("{core: {count: 1, etcd: proxy}}", "9+4 error: no role has etcd members"),
        ("{Core: {count: 1, etcd: member}}", "9+4 error: the role's name \"Core\" must start with a lower-case letter"),
        (
            "{core: {etcd: member}, w: {count: 299}}",
            "42+3 error: 10.86.78.0/24 has room for 245 nodes, and the roles have 300"
        ),
        ("{core: {etcd: member, metadata: [a]}}", "40+1 error: expected a mapping for \"metadata\", found a list"),
        (
            "{core: {etcd: member, metadata: {a=b: c}}}",
            "41+3 error: the metadata key \"a=b\" contains `=`, which fleet's metadata cannot"
        ),
        (
            "{core: {etcd: member, metadata: {a: b c}}}",
            "44+3 error: the metadata value \"b c\" contains white space, which fleet's metadata cannot"
        ),
        ("{core: {etcd: member, runtime: lxc}}", "39+3 error: \"runtime\" cannot be \"lxc\""),
    ])
    func roles(roles: String, message: String) {
        let report = Fixture.report(Fixture.topology(roles: roles)).filter { !$0.hasPrefix("  ") }
        #expect(report.first == "a.yaml:3:\(message)")
        #expect(report.filter { $0.contains("error:") }.count == 1)
    }

    @Test func whatAContainerIgnoresIsSaid() {
        let roles = "{core: {etcd: member, cpus: 2, disk: 4GiB}, w: {runtime: vm, cpus: 2, disk: 20GiB}}"
        let warnings = Fixture.report(Fixture.topology(roles: roles)).filter { $0.contains("warning:") }
        #expect(warnings.count == 2)
        #expect(warnings.first?.contains("36+1 warning: cpus has no effect: the nodes of role \"core\"") == true)
        #expect(warnings.last?.contains("warning: disk has no effect") == true)
    }

    @Test(arguments: [
        ("[{file: units/helo.service}]", "16+18 error: there is no unit file t/units/helo.service"),
        ("[{file: units/hello}]", "16+11 error: units/hello cannot be a unit's file: "),
        ("[{state: launched}]", "9+1 error: a unit needs \"file\""),
        ("[hello.service]", "9+13 error: expected a mapping for a unit, found the text \"hello.service\""),
        ("hello.service", "8+13 error: expected a list for \"units\", found the text \"hello.service\""),
        ("[{file: units/hello.service}, {file: units/hello.service}]", "45+19 error: hello.service is listed twice"),
        ("[{file: units/hello.service, instances: 1}]", "48+1 error: hello.service is not a template"),
        ("[{file: units/web@.service}]", "16+18 error: web@.service is a template, and needs \"instances\""),
        ("[{file: units/web@.service, instances: 0}]", "47+1 error: \"instances\" must be from 1 to 10000, not 0"),
        ("[{file: units/web@.service, instances: many}]", "47+4 error: expected a number or a list of names"),
        ("[{file: units/web@.service, instances: []}]", "47+1 error: \"instances\" is empty"),
        ("[{file: units/web@.service, instances: [a, a]}]", "51+1 error: web@a.service is listed twice"),
        ("[{file: units/web@.service, instances: [\"a b\"]}]", "48+5 error: \"a b\" cannot be an instance's name"),
        (
            "[{file: units/web@.service, instances: 2}]",
            "47+1 error: 2 units that keep away from each other (Conflicts)"
        ),
        ("[{file: units/hello.service, state: stopped}]", "44+7 error: \"state\" cannot be \"stopped\""),
        ("[{file: units/hello.service, sate: loaded}]", "37+4 error: unknown key \"sate\" in a unit"),
    ])
    func units(units: String, message: String) {
        let report = Fixture.report(Fixture.topology(units: units)).filter { !$0.hasPrefix("  ") }
        #expect(report.first?.hasPrefix("a.yaml:4:\(message)") == true, "\(report)")
        #expect(report.count == 1, "\(report)")
    }

    @Test(arguments: [
        ("", "1:1+1 error: the file is empty"),
        ("- a", "1:1+1 error: expected a mapping for the topology, found a list"),
    ])
    func wholeFiles(text: String, message: String) {
        #expect(Fixture.report(text).first == "a.yaml:\(message)")
    }

    @Test func whatIsMissing() {
        #expect(
            Fixture.report("units: []\n").filter { !$0.hasPrefix("  ") } == [
                "a.yaml:1:1+1 error: the topology needs \"name\"", "a.yaml:1:1+1 error: the topology needs \"roles\"",
            ]
        )
    }

    @Test func keysThatArePrivate() {
        let line = "ssh_authorized_keys: [\"-----BEGIN OPENSSH PRIVATE KEY-----\"]"
        #expect(Fixture.report(Fixture.topology(settings: line)).first?.hasSuffix("this is a private key") == true)
    }

    @Test func missingTopologyFile() {
        let loader = TopologyLoader(files: MemoryFiles(["t/demo.yaml": Fixture.topology()]))
        #expect(loader.load(path: "t/demo.yaml").diagnostics == [])
        let diagnostics = loader.load(path: "t/dmeo.yaml").diagnostics
        #expect(diagnostics.map(\.message) == ["there is no file t/dmeo.yaml"])
        #expect(diagnostics.map(\.notes) == [["did you mean t/demo.yaml?"]])
    }
}
