import Diagnostics
import Testing
import TopologyLoading

@Suite struct TopologyEditingTests {
    private func edit(_ text: String, role: String = "worker", to count: Int = 7) throws -> String {
        try TopologyEditing.setCount(role: role, to: count, in: text, file: "a.yaml")
    }

    @Test(arguments: [
        // Block style, comments and odd spacing.
        (
            "roles:\n  worker: # ours\n    count:   2   # two\n    etcd: proxy\n",
            "roles:\n  worker: # ours\n    count:   7   # two\n    etcd: proxy\n"
        ),
        (
            "roles:\n  worker:\n    etcd: proxy # a proxy\n",
            "roles:\n  worker:\n    count: 7\n    etcd: proxy # a proxy\n"
        ),
        // The end of the file is the end of the number.
        ("roles:\n  worker:\n    count: 2", "roles:\n  worker:\n    count: 7"),
        // Flow style.
        ("roles: {worker: {count: 12, etcd: proxy}}", "roles: {worker: {count: 7, etcd: proxy}}"),
        ("roles: {worker: { etcd: proxy }}", "roles: {worker: {count: 7,  etcd: proxy }}"),
        ("roles: {worker: {}}", "roles: {worker: {count: 7}}"),
        ("roles:\n  worker: {\n    etcd: proxy,\n  }\n", "roles:\n  worker: {count: 7, \n    etcd: proxy,\n  }\n"),
        // Quotes stay out of it.
        ("roles: {worker: {count: \"2\"}}", "roles: {worker: {count: 7}}"),
        // Other line ends, other letters before it.
        (
            "# é\r\nroles:\r\n  worker:\r\n    etcd: proxy\r\n",
            "# é\r\nroles:\r\n  worker:\r\n    count: 7\r\n    etcd: proxy\r\n"
        ),
        (
            "name: é👩‍👩‍👧\nroles: {\"é\": {count: 1}, worker: {count: 2}}",
            "name: é👩‍👩‍👧\nroles: {\"é\": {count: 1}, worker: {count: 7}}"
        ),
        // What an anchor brings belongs to others too.
        (
            "base: &b {count: 3}\nroles:\n  worker:\n    <<: *b\n    etcd: proxy\n",
            "base: &b {count: 3}\nroles:\n  worker:\n    <<: *b\n    count: 7\n    etcd: proxy\n"
        ),
    ])
    func changesTheCountAndNothingElse(before: String, after: String) throws {
        #expect(try edit(before) == after)
    }

    @Test(arguments: [
        (
            "memory", "worker", "2GiB", "roles:\n  worker: # ours\n    memory: 1GiB   # little\n",
            "roles:\n  worker: # ours\n    memory: 2GiB   # little\n"
        ),
        (
            "memory", "worker", "2GiB",
            "defaults: {memory: 1GiB}\nroles:\n  a: {memory: 1GiB}\n  worker:\n    count: 2\n",
            "defaults: {memory: 1GiB}\nroles:\n  a: {memory: 1GiB}\n  worker:\n    memory: 2GiB\n    count: 2\n"
        ),
        (
            "autostart", nil, "false", "# ours\nname: demo   # a name\nroles: {a: {}}\n",
            "# ours\nautostart: false\nname: demo   # a name\nroles: {a: {}}\n"
        ),
        ("autostart", nil, "false", "name: demo\nautostart: true # yes\n", "name: demo\nautostart: false # yes\n"),
    ])
    func setsOtherKeys(key: String, role: String?, value: String, before: String, after: String) throws {
        #expect(try TopologyEditing.set(key, ofRole: role, to: value, in: before, file: "a.yaml") == after)
    }

    @Test func theSameCountChangesNothing() throws {
        let text = "roles:\n  worker:\n    count: 2 # two\n"
        #expect(try edit(text, to: 2) == text)
    }

    @Test(arguments: [
        ("roles: {wroker: {count: 1}}", "a.yaml has no role \"worker\""),
        ("name: x", "a.yaml has no role \"worker\""),
        ("roles: {worker: [", "did not find expected node content"),
        ("n: &n 2\nroles: {worker: {count: *n}}", "cannot edit this: the value is an alias; change it at its anchor"),
        (
            "roles:\n  a: &a {count: 1}\n  worker: *a\n",
            "cannot set the count of role \"worker\" here; write `count: 7` by hand"
        ),
        ("roles:\n  worker: 3\n", "cannot set the count of role \"worker\" here; write `count: 7` by hand"),
    ])
    func refuses(text: String, message: String) {
        let error = #expect(throws: DiagnosticsError.self) { try edit(text) }
        #expect(
            error?.diagnostics.first?.message.contains(message) == true,
            "\(error.map(String.init(describing:)) ?? "")"
        )
    }

    @Test func namesTheNearestRole() {
        let error = #expect(throws: DiagnosticsError.self) { try edit("roles: {central: {}, wroker: {count: 1}}") }
        #expect(error?.diagnostics.first?.notes == ["did you mean \"wroker\"?", "the roles are central, wroker"])
    }
}
