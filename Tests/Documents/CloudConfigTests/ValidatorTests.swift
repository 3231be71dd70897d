import CloudConfigLoading
import Diagnostics
import Testing

/// The original's rules: each with its level, its words and its line.
@Suite struct ValidatorTests {
    /// A config without its header, and the findings as `coreos-cloudinit -validate` prints them; so the first line of
    /// the body is line 2.
    struct Case: Sendable, CustomTestStringConvertible {
        var body: String
        var findings: [String]

        init(_ body: String, _ findings: String...) { (self.body, self.findings) = (body, findings) }

        var testDescription: String { body }
    }

    static func findings(_ text: String) -> [String] {
        CloudConfigValidator.validate(Array(text.utf8), file: "c").map { finding in
            let level = finding.severity == .note ? "info" : finding.severity.rawValue
            return "line \(finding.location?.line ?? 0): \(level): \(finding.message)"
        }
    }

    static let cases = [
        Case("hostname: core-01\nwrite_files:\n  - {path: /etc/x, permissions: 0644}"),
        // The header and the kinds of user-data are in a test of their own.
        Case(
            "hostname: [",
            "line 3: error: did not find expected node content",
            #"line 0: warning: incorrect type for "" (want struct)"#
        ),
        Case(
            "\nhostname: %x",
            "line 3: error: found character that cannot start any token",
            #"line 0: warning: incorrect type for "" (want struct)"#
        ),
        Case(
            "hostname: x\n y: z",
            "line 3: error: mapping values are not allowed in this context",
            #"line 0: warning: incorrect type for "" (want struct)"#
        ),
        Case("- a", #"line 2: warning: incorrect type for "" (want struct)"#),
        // Discovery.
        Case("coreos:\n  etcd2: {discovery: nonsense}", etcd2),
        Case("coreos:\n  etcd:\n    discovery: https://discovery.etcd.io/x", etcd(3)),
        Case("coreos:\n  etcd:\n    discovery: /x", etcd(3)),
        Case(
            "coreos:\n  etcd:\n    discovery: disco",
            "line 4: warning: discovery URL is not valid",
            etcd(3)
        ),
        Case("coreos:\n  etcd: {discovery: 'http://a b/'}", "line 3: warning: discovery URL is not valid", etcd(3)),
        // Encoding.
        Case("write_files:\n  - path: /a\n    encoding: base64\n    content: aGk="),
        Case(
            "write_files:\n  - path: /a\n    encoding: base64\n    content: '%%'",
            #"line 5: error: content cannot be decoded as "base64""#
        ),
        Case(
            "write_files:\n  - path: /a\n    content: aGk=\n    encoding: gzip+base64",
            #"line 4: error: content cannot be decoded as "gzip+base64""#
        ),
        Case("write_files: [{path: /a, encoding: b64}]"),
        Case(
            "write-files:\n  - path: /a\n    encoding: gz",
            #"line 4: error: content cannot be decoded as "gz""#
        ),
        Case(
            "write_files:\n  - encoding: rot13\n    content: x",
            #"line 4: error: content cannot be decoded as "rot13""#,
            "line 3: error: invalid value rot13"
        ),
        // Structure.
        Case("hostnam: x", #"line 2: warning: unrecognized key "hostnam""#),
        Case("coreos:\n  units:\n    - drop-inz: []", #"line 4: warning: unrecognized key "drop_inz""#),
        Case("hostname:", #"line 2: warning: incorrect type for "hostname" (want string)"#),
        Case("hostname: [x]", #"line 2: warning: incorrect type for "hostname" (want string)"#),
        Case("users: core", #"line 2: warning: incorrect type for "users" (want []struct)"#),
        Case("users:\n  - {name: a}\n  - core", #"line 4: warning: incorrect type for "users[1]" (want struct)"#),
        Case(
            "ssh_authorized_keys:\n  - k\n  - [k]",
            #"line 4: warning: incorrect type for "ssh_authorized_keys[1]" (want string)"#
        ),
        Case("ssh_authorized_keys: k", #"line 2: warning: incorrect type for "ssh_authorized_keys" (want []string)"#),
        Case("coreos: x", #"line 2: warning: incorrect type for "coreos" (want struct)"#),
        Case(
            "coreos:\n  etcd2:\n    debug: 'true'",
            etcd2,
            #"line 4: warning: incorrect type for "debug" (want bool)"#
        ),
        Case(
            "coreos:\n  etcd2:\n    max_wals: x",
            etcd2,
            #"line 4: warning: incorrect type for "max_wals" (want int)"#
        ),
        Case(
            "coreos:\n  fleet:\n    etcd_request_timeout: x",
            #"line 3: warning: deprecated key "fleet" (fleet is no longer shipped in Container Linux)"#,
            #"line 4: warning: incorrect type for "etcd_request_timeout" (want float64)"#
        ),
        Case("coreos:\n  etcd2: {debug: yes, max-wals: 0x1a, name: 3, proxy: on}", etcd2),
        Case(
            "coreos:\n  etcd2:\n    ca_file: /x\n    peer-ca-file: /y",
            etcd2,
            #"line 4: warning: deprecated key "ca_file" (ca_file obsoleted by trusted_ca_file and client_cert_auth)"#,
            #"line 5: warning: deprecated key "peer_ca_file" (peer_ca_file obsoleted peer_trusted_ca_file "#
                + "and peer_client_cert_auth)"
        ),
        Case(
            "coreos:\n  etcd:\n    proxy: on",
            etcd(3),
            #"line 4: warning: deprecated key "proxy" (etcd2 options no longer work for etcd)"#
        ),
        Case(
            "users:\n  - coreos_ssh_import_url: http://x",
            #"line 3: warning: deprecated key "coreos_ssh_import_url" (trying to fetch from a remote endpoint "#
                + "introduces too many intermittent errors)"
        ),
        // Validity.
        Case("coreos:\n  etcd2:\n    proxy: readwrite", etcd2, "line 4: error: invalid value readwrite"),
        Case("coreos:\n  update:\n    reboot-strategy: best-effort"),
        Case("coreos:\n  update:\n    reboot-strategy: sometimes", "line 4: error: invalid value sometimes"),
        Case("coreos:\n  update:\n    reboot-strategy: off"),
        Case("coreos:\n  units:\n    - name: a.service\n      command: launch", "line 5: error: invalid value launch"),
        Case("coreos:\n  locksmith:\n    window_start: Fry 10:00", "line 4: error: invalid value Fry 10:00"),
        Case("coreos:\n  locksmith:\n    window_length: 1", "line 4: error: invalid value 1"),
        Case("write_files:\n  - permissions: 64", "line 3: error: invalid value 64"),
        Case("write_files:\n  - permissions: 04755"),
        // write_files.
        Case(
            "write_files:\n  - path: /usr/bin/x",
            "line 3: error: file cannot be written to a read-only filesystem"
        ),
        Case("write_files:\n  - path: /usrlocal/x", "line 3: error: file cannot be written to a read-only filesystem"),
        Case("write_files: [{path: /usr}, {path: usr/x}, {path: /usr/../etc/x}]"),
        Case(
            "coreos:\n  write-files: []",
            #"line 3: warning: unrecognized key "write_files""#,
            "line 3: info: write_files doesn't belong under coreos"
        ),
        // Places: flow style, quoted keys, and a block that has the same words.
        Case(
            "coreos: {units: [{name: a.service, command: start},\n  {name: b.service, command: go}]}",
            "line 3: error: invalid value go"
        ),
        Case(
            "\"write_files\":\n  - \"path\": /a\n    \"permissions\": '9'",
            "line 4: error: invalid value 9"
        ),
        Case(
            "write_files:\n  - content: |\n      permissions: 9\n    permissions: 8x",
            "line 5: error: invalid value 8x"
        ),
    ]

    private static let etcd2 =
        #"line 3: warning: deprecated key "etcd2" (etcd2 is no longer shipped in Container Linux)"#

    private static func etcd(_ line: Int) -> String {
        "line \(line): warning: deprecated key \"etcd\" (etcd is no longer shipped in Container Linux)"
    }

    @Test(arguments: cases)
    func theRulesAreTheOriginals(_ example: Case) {
        #expect(Self.findings("#cloud-config\n\(example.body)\n") == example.findings)
    }

    @Test(arguments: [
        "", "#!/bin/sh\n", "#cloud-config", "#cloud-config\n# x\n", #"{"ignition": {"version": "3.3.0"}}"#,
    ])
    func whatANodeMayBeGivenIsClean(text: String) {
        #expect(Self.findings(text) == [])
    }

    @Test(arguments: ["hostname: x", "#cloud-config v1\n", " #cloud-config\n", "#Cloud-Config\n", "{}"])
    func theHeaderIsExact(text: String) {
        #expect(Self.findings(text) == [##"line 1: error: must be "#cloud-config" or begin with "#!""##])
    }

    @Test(
        arguments: [
            ("http://10.0.0.1:2379", nil), ("https://[::1]:2379/x?y", nil), ("/x", nil), ("*", nil), ("mailto:x", nil),
            ("", "it is empty"), ("x", "neither a scheme"), ("://x", "nothing before"),
            ("http://a b", "cannot be part"),
            ("http://a:b", "is no port"), ("http://[::1", "no ]"), ("http://a/%zz", "not followed"),
            ("a\u{7}", "control"),
        ] as [(String, String?)]
    )
    func urlsAreReadAsGoReadsThem(text: String, fault: String?) {
        let found = GoURL.fault(in: text)
        #expect((found == nil) == (fault == nil), "\(found ?? "no fault")")
        if let fault, let found { #expect(found.contains(fault)) }
    }
}
