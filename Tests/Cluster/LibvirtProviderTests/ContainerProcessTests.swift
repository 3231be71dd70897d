import Foundation
import Testing

@testable import LibvirtProvider

@Suite struct ContainerProcessTests {
    @Test(arguments: [
        ("/usr/lib/libvirt/libvirt_lxc --name prod.a-1 --console 36 ", true),
        ("/usr/lib/libvirt/libvirt_lxc --name prod.a-10 ", false), ("vim --name prod.a-1 ", false), ("", false),
        ("/usr/lib/libvirt/libvirt_lxc --name ", false),
    ])
    func knowsTheSupervisorOfAContainer(commandLine: String, isSupervisor: Bool) {
        let process = ContainerProcess(supervisorPID: 1, domain: "prod.a-1")
        #expect(process.isSupervisor(commandLine: commandLine.replacing(" ", with: "\0")) == isSupervisor)
    }

    @Test(arguments: [
        ("12 (systemd) S 1 12", false), ("12 (a) b) Z 1 12", true), ("12 (sh) X 1", true), ("12 (Z) R 1", false),
        ("", false), ("12 (systemd)", false),
    ])
    func knowsTheStateOfAProcess(stat: String, hasEnded: Bool) {
        #expect(ContainerProcess.hasEnded(stat: stat) == hasEnded)
    }

    /// A supervisor with the given child, in Perl: `$SIG{CHLD}` stays as it is, so that an ended child is a zombie.
    private static func supervisor(child: String) throws -> (process: Process, output: FileHandle) {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        let program = "$| = 1; if (!fork) { \(child) } sleep 0.01; print qq(up\\n); sleep 60"
        process.arguments = [
            "-c", "exec -a /usr/lib/libvirt/libvirt_lxc perl -e \"$0\" -- --name prod.a-1", program,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        _ = try pipe.fileHandleForReading.read(upToCount: 3)
        return (process, pipe.fileHandleForReading)
    }

    @Test func aZombieHasEnded() async throws {
        let (supervisor, _) = try Self.supervisor(child: "exit")
        defer { supervisor.terminate() }
        let pid = UInt32(supervisor.processIdentifier)
        let container = ContainerProcess(supervisorPID: pid, domain: "prod.a-1")
        // The child ends by itself, a moment after the supervisor says that it was made.
        var answer = container.signal(0)
        while answer == .sent {
            try await Task.sleep(for: .milliseconds(5))
            answer = container.signal(0)
        }
        #expect(answer == .ended)
    }

    @Test func aProcessThatRunsIsReached() throws {
        let (supervisor, _) = try Self.supervisor(child: "sleep 60")
        defer { supervisor.terminate() }
        let pid = UInt32(supervisor.processIdentifier)
        #expect(ContainerProcess(supervisorPID: pid, domain: "prod.a-1").signal(9) == .sent)
        #expect(ContainerProcess(supervisorPID: pid, domain: "prod.b-1").signal(0) == .unknown)
    }
}
