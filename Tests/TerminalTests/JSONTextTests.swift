import Testing

@testable import Terminal

@Suite struct JSONTextTests {
    private struct Payload: Codable {
        var memoryMiB = 512
        var machineTTLSeconds = 5
        var path = "/etc/hosts"
        var metadata = ["nodeRole": "web"]
        var nested = [Inner()]

        struct Inner: Codable {
            var isActive = true
        }
    }

    @Test func isSortedAndInSnakeCase() throws {
        #expect(
            try JSONText.line(Payload()) == #"{"machine_ttl_seconds":5,"memory_mib":512,"metadata":{"nodeRole":"web"},"#
                + #""nested":[{"is_active":true}],"path":"/etc/hosts"}"#
        )
        #expect(try JSONText.pretty(["b": 1, "a": 2]) == "{\n  \"a\" : 2,\n  \"b\" : 1\n}")
    }

    @Test(arguments: [
        ("name", "name"), ("nodeCount", "node_count"), ("machineTTLSeconds", "machine_ttl_seconds"),
        ("memoryMiB", "memory_mib"), ("diskGiB", "disk_gib"), ("diskGiBFree", "disk_gib_free"),
        ("ipv4Address", "ipv4_address"),
        ("sshURL", "ssh_url"), ("already_snake", "already_snake"), ("", ""), ("JSONText", "json_text"),
    ])
    func keys(name: String, expected: String) {
        #expect(JSONText.snakeCase(name) == expected)
    }
}
