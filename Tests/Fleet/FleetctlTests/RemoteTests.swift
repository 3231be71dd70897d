import FleetAPI
import Fleetctl
import Testing
import UnitFiles

@Suite struct RemoteTests {
    private func filled() -> StubRun {
        let run = StubRun(exitCode: 7)
        run.fleet.change { storage in
            let id = storage.machines[0].id
            storage.machines.append(APIMachine(id: "aabb", primaryIP: "10.0.0.6"))
            storage.units = [
                "a.service": APIUnit(name: "a.service", desiredState: .launched, machineID: id),
                "b.service": APIUnit(name: "b.service", desiredState: .launched, statusReason: "no machine fits"),
            ]
        }
        return run
    }

    private static let ssh = [
        "ssh", "-l", "core", "-o", "ConnectTimeout=10", "-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes",
        "-o", "LogLevel=ERROR",
    ]

    @Test func statusOnAnotherMachine() async throws {
        let run = filled()
        #expect(try await RemoteOperations(run.context(), port: 2222).status(["a"]) == 7)
        let command = ["-p", "2222", "-n", "--", "10.0.0.5", "systemctl", "status", "-l", "a.service"]
        #expect(run.programs == [Self.ssh + command])
    }

    @Test func statusOnThisMachine() async throws {
        let run = filled()
        let context = run.context(localMachineID: "aaaaaaaabbbbccccddddeeeeffff0000")
        #expect(try await RemoteOperations(context).status(["a"]) == 7)
        #expect(run.programs == [["systemctl", "status", "-l", "a.service"]])
    }

    @Test func statusOfAUnitOnNoMachine() async throws {
        let run = filled()
        #expect(try await RemoteOperations(run.context()).status(["b"]) == 3)
        #expect(run.out == "Unit b.service is on no machine; it is to be launched\nReason: no machine fits\n")
        #expect(try await RemoteOperations(run.context()).status(["c", "a"]) == 7)
        #expect(run.err.hasPrefix("Unit c.service does not exist."))
        #expect(run.programs.count == 1)
    }

    @Test func journal() async throws {
        let run = filled()
        let context = run.context(localMachineID: "aaaaaaaabbbbccccddddeeeeffff0000")
        let remote = RemoteOperations(context)
        _ = try await remote.journal("a", lines: 5, output: "cat", follows: true, usesSudo: true)
        let command = ["sudo", "journalctl", "--unit", "a.service", "--no-pager", "-n", "5", "--output", "cat", "-f"]
        #expect(run.programs == [command])
    }

    @Test func aShellByMachineOrUnit() async throws {
        let run = filled()
        let remote = RemoteOperations(run.context(), forwardsAgent: true)
        _ = try await remote.shell(machine: nil, unit: nil, target: "aab", ["echo", "it's"])
        _ = try await remote.shell(machine: nil, unit: nil, target: "a.service", ["a b; c"])
        _ = try await remote.shell(machine: nil, unit: "a", target: nil, [])
        #expect(
            run.programs.map { $0.dropFirst(Self.ssh.count).joined(separator: "|") } == [
                "-A|--|10.0.0.6|echo|it's", "-A|--|10.0.0.5|a b; c", "-A|--|10.0.0.5",
            ]
        )
        await #expect(throws: FleetctlError.self) {
            try await remote.shell(machine: "aa", unit: nil, target: nil, [])
        }
        await #expect(throws: FleetctlError.self) {
            try await remote.shell(machine: nil, unit: nil, target: "zz", [])
        }
    }

    /// ssh goes nowhere through the host that it goes to.
    @Test(arguments: [
        ("10.0.0.5", nil, false), ("core@10.0.0.5", nil, false), ("10.0.0.5:22", nil, false),
        ("10.0.0.5:2222", 2222, false),
        ("10.0.0.5:2222", nil, true), ("10.0.0.6", nil, true), ("gate", nil, true),
    ])
    func aMachineThatIsTheTunnel(_ tunnel: String, _ port: Int?, _ jumps: Bool) {
        var settings = SSHSettings()
        settings.tunnel = tunnel
        #expect(SSHCommand(settings, host: "10.0.0.5", port: port).arguments.contains("-J") == jumps)
    }

    @Test func aConfigurationDecides() async throws {
        var settings = SSHSettings()
        settings.config = "/tmp/ssh config"
        settings.tunnel = "gate:2200"
        settings.isStrict = false
        settings.knownHosts = "/kh"
        let call = SSHCommand(settings, host: "h", isInteractive: true)
        #expect(
            call.arguments == [
                "-F", "/tmp/ssh config", "-o", "ConnectTimeout=10", "-o", "UserKnownHostsFile=/kh",
                "-o", "StrictHostKeyChecking=no", "-J", "gate:2200", "-n", "--", "h",
            ]
        )
    }

    @Test func tunnels() {
        let arguments = SSHCommand.forwarding(
            "/tmp/s",
            to: "/var/run/fleet.sock",
            through: "gate:2200",
            SSHSettings(),
            isInteractive: true,
        )
        #expect(
            arguments == [
                "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-L", "/tmp/s:/var/run/fleet.sock", "-l", "core",
                "-o", "ConnectTimeout=10", "-o", "StrictHostKeyChecking=accept-new", "-p", "2200", "--", "gate",
            ]
        )
    }
}
