import Diagnostics
import TestKit
import Testing
import TopologyLoading
import TopologyModel

/// A role's `image`: where it may come from, and what must be said of it.
@Suite struct ImageTests {
    private static let digest = String(repeating: "0a", count: 32)

    private func load(_ image: String, runtime: String = "vm", etcd: String = "proxy") -> LoadedTopology {
        let text = """
            name: demo
            roles:
              core: {count: 1, etcd: member}
              worker:
                runtime: \(runtime)
                etcd: \(etcd)
                image: \(image)

            """
        return TopologyLoader(files: MemoryFiles([:])).load(text, file: "dir/a.yaml")
    }

    @Test(arguments: [
        ("debian-12", RoleImage(source: .name("debian-12"))),
        ("{name: fc, kind: flatcar}", RoleImage(kind: .flatcar, source: .name("fc"))),
        ("{file: img.qcow2}", RoleImage(source: .origin(.file("dir/img.qcow2")))),
        (
            "{url: https://example.org/a.xz, sha256: \(digest.uppercased())}",
            RoleImage(source: .origin(.url("https://example.org/a.xz")), checksum: ImageChecksum(.sha256, digest))
        ),
        (
            "{url: https://example.org/a, signature: https://example.org/a.sig, key: keys.asc, kind: fedora-coreos}",
            RoleImage(
                kind: .fedoraCoreOS,
                source: .origin(.url("https://example.org/a")),
                signature: .init(origin: .url("https://example.org/a.sig"), key: "dir/keys.asc"),
            )
        ),
    ])
    func isRead(image: String, expected: RoleImage) throws {
        let etcd = expected.kind == .cloudInit ? "proxy" : "none"
        let topology = try load(image, etcd: etcd).checked()
        #expect(topology.role(named: "worker")?.image == expected)
        #expect(topology.role(named: "core")?.image == nil)
    }

    @Test(arguments: [
        ("{}", "an image has one of name, url and file, and here is none of them"),
        ("{name: a, file: b}", "an image has one of name, url and file, and here is name and file"),
        ("{url: ftp://a/b, sha256: \(digest)}", "\"ftp://a/b\" is no http or https URL"),
        (
            "{url: https://a/b}",
            "an image from https://a/b needs its digest: whoever can change it could be anyone on the way"
        ),
        ("{url: https://a/b, sha256: abc}", "\"abc\" is no sha256: that has 64 hexadecimal digits"),
        ("{file: a, sha256: \(digest), sha512: \(digest)\(digest)}", "one of sha256 and sha512 is enough"),
        ("{file: a, signature: b}", "signature and key go together"),
        ("{file: a, kind: windows}", "\"kind\" cannot be \"windows\""),
        ("{file: a, sha265: \(digest)}", "unknown key \"sha265\" in an image"),
        ("[a]", "expected a mapping for an image, found a list"),
    ])
    func mistakesAreSaid(image: String, message: String) {
        let errors = load(image).diagnostics.filter { $0.severity == .error }
        #expect(errors.map(\.message) == [message])
        #expect(errors.first?.location?.line == 7)
    }

    @Test func onlyMachinesRunImages() {
        for runtime in ["container", "auto"] {
            #expect(
                load("debian-12", runtime: runtime).diagnostics.map(\.message) == [
                    "role \"worker\" has an image of its own, which only a virtual machine can run"
                ]
            )
        }
        #expect(
            load("{name: fc, kind: flatcar}").diagnostics.map(\.message) == [
                "role \"worker\" asks for an etcd proxy, and a node of kind flatcar has none"
            ]
        )
        #expect(throws: DiagnosticsError.self) {
            try load("debian-12").checked().overriding(runtime: .container, accelerator: nil)
        }
    }
}
