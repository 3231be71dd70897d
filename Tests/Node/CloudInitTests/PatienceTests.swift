import CloudInit
import Synchronization
import Systemd
import TestKit
import Testing

/// A systemd that is busy with itself, or whose units wait for others.
@Suite(.timeLimit(.minutes(5))) struct PatienceTests {
    private let config = """
        coreos:
          units:
            - {name: a.service, enable: true, command: start}
            - {name: b.service, command: start}
        """

    private func machine() throws -> TestMachine {
        let machine = try TestMachine()
        for unit in ["a.service", "b.service"] { machine.systemd.addUnitFile(unit) }
        return machine
    }

    private func bootConfig(_ machine: TestMachine) throws -> [String] {
        try machine.write("/drive/openstack/latest/user_data", "#cloud-config\n\(config)\n")
        return ["-from-configdrive=\(machine.root)/drive"]
    }

    /// PID 1 executes itself anew, or its answer does not come in time.
    @Test(arguments: [true, false]) func aBrokenConnectionIsMadeAgain(heard: Bool) async throws {
        let machine = try machine()
        machine.systemd.onJob { [weak machine] verb, unit in
            guard unit == "a.service" else { return }
            machine?.systemd.onJob(nil)
            machine?.systemd.breakConnection(times: 3, heard: heard)
        }
        #expect(try await machine.apply(config) == 0, "\(machine.complaints)")
        #expect(machine.systemd.calls.contains(.job(.start, "a.service")))
        #expect(machine.systemd.calls.last == .job(.start, "b.service"))
        #expect(machine.lines.contains { $0.contains("the connection was lost; asking again") })
        let result = machine.read("/run/coreos-cloudinit/result.json")
        #expect(result == #"{"stage":"done","ok":true,"failed":[],"error":null}"# + "\n")
    }

    @Test func whatSystemdRefusesIsNotAskedAgain() async throws {
        let machine = try machine()
        let error = SystemdError(
            .refused,
            operation: "start",
            dbusName: "org.freedesktop.DBus.Error.AccessDenied",
            message: "no"
        )
        machine.systemd.script(.start, "a.service", .error(error))
        #expect(try await machine.apply(config) == 1)
        #expect(machine.systemd.calls.filter { $0 == .job(.start, "a.service") }.count == 1)
    }

    @Test func aSystemdThatWasNeverThereIsNotWaitedFor() async throws {
        let machine = try machine()
        var system = machine.machine
        let tries = Mutex(0)
        system.connectToSystemd = { () throws(SystemdError) in
            tries.withLock { $0 += 1 }
            throw SystemdError(.unreachable, operation: "connect", message: "is systemd running here?")
        }
        try machine.write("/user-data", "#cloud-config\ncoreos: {units: [{name: a.service, command: start}]}\n")
        #expect(await CloudInit(system, complain: { _ in }).run(["-from-file=\(machine.root)/user-data"]) == 1)
        #expect(tries.withLock { $0 } == 1)
    }

    /// At a boot etcd may come up later than what needs it.
    @Test func aUnitWhoseDependencyFailedIsStartedLater() async throws {
        let machine = try machine()
        let tries = Mutex(0)
        machine.systemd.script(.start, "a.service", .result(.dependency))
        machine.systemd.onJob { [weak machine] _, unit in
            guard unit == "a.service",
                tries.withLock({
                    $0 += 1; return $0 == 3
                })
            else { return }
            machine?.systemd.script(.start, "a.service", nil)
        }
        #expect(await machine.run(try bootConfig(machine)) == 0, "\(machine.complaints)")
        #expect(tries.withLock { $0 } == 3)
        // It holds up nobody.
        #expect(machine.systemd.calls.filter { $0 != .job(.start, "a.service") }.last == .job(.start, "b.service"))
        let starts = machine.systemd.calls.compactMap { if case .job(_, let unit) = $0 { unit } else { nil } }
        #expect(starts == ["a.service", "b.service", "a.service", "a.service"])
        let result = machine.read("/run/coreos-cloudinit/result.json")
        #expect(result == #"{"stage":"done","ok":true,"failed":[],"error":null}"# + "\n")
    }

    @Test func aPersonIsToldAtOnceOfADependencyThatFailed() async throws {
        let machine = try machine()
        machine.systemd.script(.start, "a.service", .result(.dependency))
        #expect(try await machine.apply(config) == 0)
        let result = machine.read("/run/coreos-cloudinit/result.json")
        #expect(result?.contains(#""failed":["start a.service: dependency"]"#) == true)
    }
}
