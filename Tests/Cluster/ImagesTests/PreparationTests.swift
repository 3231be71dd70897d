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
