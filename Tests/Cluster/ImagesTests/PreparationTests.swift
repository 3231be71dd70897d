import TestKit
import Testing

@testable import Images

/// What is done on a node before its cloud-config is applied, and the generator that stands in for systemd's.
@Suite struct PreparationTests {
    /// Prepares a node whose root is a directory, and which has no etcdctl.
    private func prepare(_ scratch: TemporaryDirectory) async throws {
        var script = ImageScripts.preparation.replacing("=/usr/bin/etcdctl", with: "=/no-etcdctl")
        for path in ["/etc/environment", "/run/flannel", "/run/slipway", "/etc/systemd/system/"] {
            script = script.replacing(path, with: scratch.path + path)
        }
        script = script.replacing("systemctl daemon-reload", with: "echo again >>\(scratch.path)/reloads")
        let file = try scratch.write(script, to: "prepare-node")
        #expect(try await ShellCommand.run("sh \(file)").exitCode == 0)
    }

    @Test(arguments: [
        ("LANG=C.UTF-8\nETCDCTL_API=3\n", "LANG=C.UTF-8\n"), ("LANG=C.UTF-8\nETCDCTL_API=3", nil),
        ("LANG=C.UTF-8\nETCDCTL_API=3\nA=b\n", nil), ("LANG=C.UTF-8\nETCDCTL_API=3\nA=b", nil),
        ("LANG=C.UTF-8\n", nil), ("LANG=de\nETCDCTL_API=3\n", nil), ("", nil),
    ])
    func anEnvironmentThatSomebodyWroteStays(text: String, after: String?) async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let file = try scratch.write(text, to: "etc/environment")
            try await prepare(scratch)
            #expect(try await ShellCommand.run("cat \(file)").output == after ?? text)
            #expect(scratch.names(in: "run") == ["flannel", "slipway"])
            #expect(!scratch.names(in: ".").contains("reloads"))
        }
    }

    @Test func aMaskOfTheImageIsTakenAway() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            _ = try scratch.write("", to: "etc/environment")
            let unit = "etc/systemd/system/systemd-networkd-wait-online.service"
            let path = try scratch.write("", to: unit)
            #expect(try await ShellCommand.run("ln -sf /dev/null \(path)").exitCode == 0)
            for _ in 1...2 { try await prepare(scratch) }
            let target = try await ShellCommand.run("readlink \(path)").output
            #expect(target == "/usr/lib/slipway/systemd-networkd-wait-online.service\n")
            #expect(try scratch.text("reloads") == "again\n")
        }
    }

    /// What Docker says of a container that it does not know at first, and what is then announced; the unit's program has
    /// ended by then.
    @Test(arguments: [
        ("true 10.1.5.2 ", "10.1.5.2\n"), ("true  10.1.5.2 172.18.0.2 ", "10.1.5.2\n"), ("false ", nil), ("", nil),
    ])
    func aContainersAddressIsAnnouncedOnceItHasOne(later: String, said: String?) async throws {
        try await TemporaryDirectory.withFiles { scratch in
            _ = try scratch.write(
                """
                #!/bin/sh
                [ "$1 $2 $4" = "inspect --format web-1" ] || exit 2
                [ -e \(scratch.path)/asked ] || { touch \(scratch.path)/asked; exit 1; }
                kill -9 $MAINPID 2>/dev/null
                echo "\(later)"
                """,
                to: "bin/docker",
                mode: 0o755
            )
            let script = ImageScripts.announcement.replacing("/run/fleet", with: scratch.path)
            let file = try scratch.write(script, to: "announce")
            let ran = try await ShellCommand.run(
                """
                # As systemd does, somebody waits for it: else its number would be taken until this shell has ended.
                sh -c 'sleep 60 & echo $! >\(scratch.path)/pid; wait' >/dev/null 2>&1 &
                until [ -s \(scratch.path)/pid ]; do sleep 0.05; done
                export MAINPID=$(cat \(scratch.path)/pid) PATH=\(scratch.path)/bin:$PATH
                sh \(file) web@1.service web-1
                """
            )
            #expect(ran.exitCode == (said == nil ? 1 : 0))
            #expect(ran.output == (said == nil ? "web@1.service has ended\n" : ""))
            #expect(scratch.names(in: ".").contains("addresses") == (said != nil))
            if let said { #expect(try scratch.text("addresses/web@1.service") == said) }
        }
    }

    /// A container of the node's own network runs without an address, and its unit goes on.
    @Test func aContainerWithoutAnAddressIsNotWaitedFor() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            _ = try scratch.write("#!/bin/sh\necho 'true '\n", to: "bin/docker", mode: 0o755)
            let script = ImageScripts.announcement.replacing("/run/fleet", with: scratch.path)
            let file = try scratch.write(script, to: "announce")
            let command = "MAINPID=$$ PATH=\(scratch.path)/bin:$PATH timeout 20 sh \(file) web@1.service web-1"
            let ran = try await ShellCommand.run(command)
            #expect(ran.exitCode == 1 && ran.output == "container web-1 has no address of its own\n")
            #expect(!scratch.names(in: ".").contains("addresses"))
        }
    }

    @Test func aNodeAsksTheServerThatItIsTold() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let resolver = try scratch.write("nameserver 10.9.0.1\n", to: "resolv.conf")
            let script = ImageScripts.nameServerChoice.replacing("/etc/", with: "\(scratch.path)/")
            let file = try scratch.write(script, to: "choose.sh")
            #expect(try await ShellCommand.run("sh \(file) 10.9.0.11").exitCode == 0)
            #expect(try scratch.text("resolv.conf") == "nameserver 10.9.0.11\n")
            #expect(scratch.names(in: ".") == ["choose.sh", "resolv.conf"], "\(resolver)")
        }
    }

    /// Nothing is started for want of a table, and systemd's own generator where there is one.
    @Test func aTableOfFileSystemsIsRead() async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let own = try scratch.write("#!/bin/sh\necho \"$@\"\n", to: "own.sh")
            let script = NodeUnits.fstabGenerator.replacing("#!/bin/dash", with: "")
                .replacing("exec /lib/systemd/system-generators/systemd-fstab-generator", with: "sh \(own)")
                .replacing("/etc/fstab", with: "\(scratch.path)/fstab")
            let generator = try scratch.write(script, to: "generator")
            let without = try await ShellCommand.run("sh \(generator) a b c")
            #expect(without.exitCode == 0 && without.output == "")
            _ = try scratch.write("", to: "fstab")
            #expect(try await ShellCommand.run("sh \(generator) a b c").output == "a b c\n")
        }
    }
}
