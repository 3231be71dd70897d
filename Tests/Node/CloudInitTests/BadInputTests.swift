import Basics
import CloudConfig
import CloudInit
import Synchronization
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What a person, a disk or an enemy may hand over: a clear message, exit 1, and nothing of what is wrong is done.
@Suite struct BadInputTests {
    private func run(_ bytes: [UInt8], _ flags: String...) async throws -> (code: Int32, machine: TestMachine) {
        let machine = try TestMachine()
        try machine.write("/u", bytes: bytes)
        return (await machine.run(["-from-file=\(machine.root)/u"] + flags), machine)
    }

    /// "#cloud-config\nhostname: x\n", packed.
    private static let packed: [UInt8] = [
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x53, 0x4E, 0xCE, 0xC9, 0x2F, 0x4D, 0xD1, 0x4D,
        0xCE, 0xCF, 0x4B, 0xCB, 0x4C, 0xE7, 0xCA, 0xC8, 0x2F, 0x2E, 0xC9, 0x4B, 0xCC, 0x4D, 0xB5, 0x52, 0xA8, 0xE0,
        0x02, 0x00, 0x49, 0x75, 0xB3, 0x15, 0x1A, 0x00, 0x00, 0x00,
    ]

    /// mkdir says ENOENT there although the directory above is there.
    @Test func aPlaceThatNobodyCanMakeIsNamed() async throws {
        let machine = try TestMachine()
        #expect(symlink("/proc", machine.root + "/proc") == 0)
        let files = "write_files: [{path: /proc/no/such/place}, {path: /etc/other, content: there}]"
        try machine.write("/u", "#cloud-config\n\(files)\nhostname: x\n")
        #expect(await machine.run(["-from-file=\(machine.root)/u"]) == 1)
        #expect(machine.complaints.joined().contains("cannot make the directory /proc/no: "), "\(machine.complaints)")
        #expect(machine.hostname == "x")
        #expect(machine.read("/etc/other") == "there")
    }

    @Test func gzipThatIsCutOffIsNamed() async throws {
        for length in [3, 12, 30, Self.packed.count - 5] {
            let (code, machine) = try await run(Array(Self.packed.prefix(length)))
            #expect(code == 1)
            #expect(machine.complaints.first?.contains("/u cannot be unpacked: not gzip: ") == true)
            #expect(machine.hostname == "localhost")
        }
    }

    @Test func aGigabyteIsNotRead() async throws {
        let machine = try TestMachine()
        try machine.write("/u", "#cloud-config\n")
        #expect(truncate(machine.root + "/u", 1 << 30) == 0)
        #expect(await machine.run(["-from-file=\(machine.root)/u"]) == 1)
        #expect(machine.complaints == ["\(machine.root)/u is larger than 64 MiB"])
    }

    @Test func garbageIsNoUserData() async throws {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let (code, machine) = try await run(bytes)
            #expect(code == 1)
            #expect(machine.complaints.count == 1)
        }
        let (code, machine) = try await run(Array("#cloud-config\nhostname: ".utf8) + [0xFF, 0xFE])
        #expect(code == 1)
        #expect(machine.complaints.first?.hasSuffix("is not UTF-8 text") == true)
    }

    @Test func aliasesThatMultiplyAreStopped() async throws {
        let text = """
            #cloud-config
            a: &a [x, x, x, x, x, x, x, x, x, x]
            b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
            c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
            d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
            e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
            f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]

            """
        let keys = ["? *f\n: x", "*f : x", "[*f]: x", "{x: *f}: y", "? - *f\n: x"]
        for end in [""] + keys {
            let (code, machine) = try await run(Array("\(text)\(end)\n".utf8), "-validate")
            #expect(code == 1)
            let isCounted = machine.complaints.first?.contains("aliases make more than 100000 values") == true
            #expect(isCounted, "\(machine.complaints)")
        }
        #expect(try await run(Array(text.utf8)).code == 1)
    }

    @Test(arguments: [1_000, 100_000])
    func nestingIsBounded(depth: Int) async throws {
        for opening in ["[", "{a: ", "- "] {
            let text = "#cloud-config\nx:\n  " + String(repeating: opening, count: depth)
            let (code, machine) = try await run(Array(text.utf8))
            #expect(code == 1, "\(opening)")
            #expect(machine.complaints.count == 1)
        }
    }

    @Test func anUndecodableFileHasItsLine() async throws {
        let (code, machine) = try await run(
            Array(
                "#cloud-config\nwrite_files:\n  - {path: /a, content: x}\n  - path: /b\n    encoding: b64\n    content: '%'\n"
                    .utf8
            )
        )
        #expect(code == 1)
        #expect(machine.complaints.first?.contains("/u:6:14: error: content cannot be decoded as \"b64\"") == true)
        #expect(machine.read("/a") == "x")
        #expect(machine.read("/b") == nil)
    }

    @Test func anUnknownOwnerHasItsLine() async throws {
        let machine = try TestMachine()
        machine.setsOwners.withLock { $0 = true }
        let code = try await machine.apply(
            "write_files:\n  - path: /a\n    owner: nobody-here:root\n    content: x",
        )
        #expect(code == 1)
        #expect(machine.complaints.first?.contains("/user-data:4:12: there is no user \"nobody-here\"") == true)
        #expect(machine.names(in: "/").allSatisfy { !$0.hasPrefix("a") && !$0.hasPrefix(".cloudinit") })
    }

    @Test func aPathThatCannotBeWrittenHasItsLine() async throws {
        let machine = try TestMachine()
        try machine.write("/full", "a file")
        let code = try await machine.apply("write_files:\n  - {path: /ok, content: x}\n  - {path: /full/x, content: x}")
        #expect(code == 1)
        #expect(machine.complaints.first?.contains("/user-data:4:12: cannot ") == true, "\(machine.complaints)")
        #expect(machine.read("/ok") == "x")
        #expect(machine.read("/full") == "a file")
    }

    @Test func aUnitThatCannotStartHasItsLine() async throws {
        let machine = try TestMachine()
        #expect(try await machine.apply("coreos:\n  units:\n    - name: a.service\n      command: start") == 1)
        #expect(machine.complaints.first?.contains("/user-data:5:16: cannot start a.service: ") == true)
    }
}

/// A machine that is given something wrong can still be reached.
@Suite struct ReachabilityTests {
    private static let metadata = #"{"hostname": "drive", "public_keys": {"a": "ssh-rsa k"}, "local_ipv4": "10.1.1.1"}"#

    @Test(arguments: [
        "hostname: x\n", "#cloud-config\nhostname: [\n", "#cloud-config\nhostname: \u{1F}\n", "\u{1F}\u{8B}",
    ])
    func metadataApplyWhereUserDataCannotBeRead(userData: String) async throws {
        let machine = try TestMachine()
        let directory = "/drive/openstack/latest"
        try machine.write("\(directory)/meta_data.json", Self.metadata)
        try machine.write(
            "\(directory)/user_data",
            bytes: userData.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        )
        #expect(await machine.run(["-from-configdrive=\(machine.root)/drive"]) == 1)
        #expect(machine.hostname == "drive")
        #expect(machine.read("/home/core/.ssh/authorized_keys")?.hasSuffix("\nssh-rsa k\n") == true)
        #expect(machine.complaints.count == 1)
        #expect(machine.readyCount == 1)
    }

    @Test func addressesAreKept() async throws {
        let machine = try TestMachine()
        try machine.write("/etc/environment", "LANG=C.UTF-8\n")
        try machine.write("/drive/openstack/latest/meta_data.json", Self.metadata)
        try machine.write(
            "/drive/openstack/latest/user_data",
            "#cloud-config\nwrite_files: [{path: /ip, content: $private_ipv4}]\n"
        )
        #expect(await machine.run(["-from-configdrive=\(machine.root)/drive"]) == 0)
        #expect(machine.read("/ip") == "10.1.1.1")
        #expect(machine.read("/etc/environment") == "LANG=C.UTF-8\nCOREOS_PRIVATE_IPV4=10.1.1.1\n")
        // Of the program's own environment.
        #expect(try await machine.apply("hostname: x") == 0)
        #expect(machine.read("/etc/environment") == "LANG=C.UTF-8\nCOREOS_PRIVATE_IPV4=10.0.0.7\n")
    }

    @Test func oneFlawedElementKeepsNoOtherFromApplying() async throws {
        let machine = try TestMachine()
        machine.setsOwners.withLock { $0 = true }
        let code = try await machine.apply(
            """
            hostname: x
            ssh_authorized_keys: [ssh-rsa k]
            write_files:
              - {path: /etc/passwd/x, content: x}
              - {path: /tmp/../none, owner: nobody-here, content: x}
            coreos:
              units:
                - {name: a.service, command: enable, content: "[Service]"}
            """
        )
        #expect(code == 1)
        #expect(machine.hostname == "x")
        #expect(machine.read("/etc/systemd/system/a.service") == "[Service]")
        let said = machine.complaints.joined()
        for words in ["is wrong in places", "user-data:9:", "user-data:6:", "no user \"nobody-here\""] {
            #expect(said.contains(words), "\(said)")
        }
    }

    @Test(
        arguments: [
            ("users: [{groups: [sudo]}]", 0),
            ("coreos: {units: [{name: a.service, drop_ins: [{path: x, content: y}]}]}", 0),
            ("write_files: [{path: /a, permissions: '64', content: x}]", 0),
            ("coreos: {update: {reboot_strategy: best-effort}}", 0),
            ("coreos: {units: [{name: update-engine.service, command: stop}]}", 0),
            ("coreos: {units: [{name: whatever.service, command: stop}, {name: x.timer, command: try-restart}]}", 0),
            ("coreos: {units: [{name: flanneld.service, enable: true, command: start}]}", 0),
            ("coreos: {units: [{name: whatever.service, command: start}]}", 1),
        ] as [(String, Int32)]
    )
    func whatTheOriginalPassedOverIsNoFailure(config: String, code: Int32) async throws {
        let machine = try TestMachine()
        #expect(
            try await machine.apply(
                "write_files: [{path: /kept, content: x}]\n\(config.replacing("write_files", with: "write-files"))"
            ) == code
        )
        #expect(machine.read("/kept") == "x")
    }

    /// Keys of a config that somebody applies, or writes as a file, come beside those that the machine was given.
    @Test func keysUnderAnotherNameStay() async throws {
        let machine = try TestMachine()
        try machine.write("/drive/openstack/latest/user_data", "#cloud-config\nssh_authorized_keys: [ssh-rsa own]\n")
        #expect(await machine.run(["-from-configdrive=\(machine.root)/drive", "-ssh-key-name=slipway"]) == 0)
        let file = "/home/core/.ssh/authorized_keys"
        let config = "ssh_authorized_keys: [ssh-rsa other]\nwrite_files: [{path: \(file), content: ssh-rsa third}]"
        #expect(try await machine.apply(config) == 0)
        let keys = machine.read(file)?.split(separator: "\n").dropFirst().sorted()
        #expect(keys == ["ssh-rsa other", "ssh-rsa own", "ssh-rsa third"])
    }
}
