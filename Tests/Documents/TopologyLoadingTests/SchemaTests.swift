import CloudConfig
import Foundation
import LocatedYAML
import TestKit
import Testing
import TopologyLoading

@Suite struct SchemaTests {
    private static let directory = "\(Checkout.path)/Topologies"

    private func faults(_ schema: JSONSchema, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws
        -> [String]
    {
        let document = YAMLDocument(parsing: text, file: "x")
        return SchemaChecker(root: schema).faults(try #require(document.root, sourceLocation: sourceLocation))
    }

    /// A key that the reader has and the schema has not would be let through with any value.
    @Test func everyKeyOfATopologyHasAnEntry() {
        func open(_ schema: JSONSchema, _ path: String) -> [String] {
            guard case .object(let rules) = schema else { return [] }
            var found: [String] = []
            for (key, value) in rules["properties"]?.members ?? [:] {
                found += value == .any ? ["\(path).\(key)"] : open(value, "\(path).\(key)")
            }
            for key in ["items", "additionalProperties"] {
                if let value = rules[key] { found += open(value, "\(path).\(key)") }
            }
            return found
        }
        #expect(open(TopologySchema.jsonSchema, "") == [])
    }

    @Test(arguments: ["laptop", "dev-test", "production", "containers"])
    func shippedTopologiesFit(name: String) throws {
        let text = try #require(try DiskFiles().text(at: "\(Self.directory)/\(name).yaml"))
        #expect(try faults(TopologySchema.jsonSchema, text) == [])
    }

    @Test(arguments: [
        ("name: x\nroles: {a: {cont: 1}}", "2: cont is not known"), ("name: x", "1: expected the key roles"),
        ("name: x\nroles: {a: {count: 0}}", "2: expected >= 1"),
        ("name: x\nroles: {a: {etcd: voter}}", "2: expected "), ("name: x\nroles: {}", "2: expected 1 keys"),
        ("name: x\nroles: {a: {memory: 1GB}}", "2: expected ^[1-9]"),
        ("name: x\nroles: {a: }\nflannel: {backend: udp}", "3: expected "),
        ("name: x\nroles: {a: }\nunits: [{state: launched}]", "3: expected the key file"),
        ("name: x\nroles: {a: {cloud_config: {hostnam: y}}}", "2: hostnam is not known"),
    ])
    func mistakesInATopologyDoNot(text: String, fault: String) throws {
        let found = try faults(TopologySchema.jsonSchema, text)
        #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix(fault) }, "\(found)")
    }

    @Test func aCloudConfigFits() throws {
        let text = """
            hostname: 3
            write-files: [{path: /a, permissions: 0644, content: x}]
            coreos:
              update: {reboot-strategy: off, group: x}
              etcd2: {listen_client_urls: "http://0.0.0.0:2379", proxy: true, heartbeat-interval: 100}
              locksmith: {window_start: "Thu 04:00", window-length: 1h30m}
              units: [{name: a.service, command: try-restart, drop-ins: [{name: x.conf, content: y}]}]
            """
        #expect(try faults(CloudConfig.jsonSchema, text) == [])
    }

    @Test(arguments: [
        ("hostnam: x", "1: hostnam is not known"), ("users: core", "1: expected array"),
        ("coreos: {units: [{command: launch}]}", "1: expected "),
        ("coreos: {etcd2: {debug: 'x'}}", "1: expected boolean"),
        ("write_files: [{permissions: '9'}]", "1: expected ^0"),
    ])
    func mistakesInACloudConfigDoNot(text: String, fault: String) throws {
        let found = try faults(CloudConfig.jsonSchema, text)
        #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix(fault) }, "\(found)")
    }

    /// All 8 sections, and as many keys as the original had.
    @Test func theModelHasEveryKey() throws {
        guard case .object(let root) = CloudConfig.jsonSchema, case .object(let top)? = root["properties"],
            case .object(let coreos)? = top["coreos"], case .object(let sections)? = coreos["properties"]
        else {
            Issue.record("the schema has another form")
            return
        }
        let counts = sections.mapValues { section -> Int in
            guard case .object(let rules) = section, case .object(let keys)? = rules["properties"] else { return 0 }
            return keys.count
        }
        let expected = [
            "etcd": 49, "etcd2": 41, "flannel": 11, "fleet": 17, "locksmith": 9, "oem": 5, "update": 3, "units": 0,
        ]
        #expect(counts == expected)
    }
}
