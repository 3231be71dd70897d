import Systemd
import TestKit
import Testing

/// What only the real thing can show.
@Suite(.timeLimit(.minutes(5))) struct SystemdBusTests {
    @Test func noSystemdIsAnErrorThatSaysWhere() async throws {
        let bus = try SystemdBus.open(BusAddress("unix:path=/nonexistent/socket", isBus: false))
        let error = await #expect(throws: SystemdError.self) { try await bus.listUnits() }
        #expect(error?.code == .unreachable)
        #expect(error?.description.contains("/nonexistent/socket") == true)
    }

    @Test func answerThatNeverComesEndsWithTheTask() async throws {
        // A listening socket that nobody accepts on: the connection is made, no word is ever said.
        let silent = try SilentSocket()
        let bus = try SystemdBus.open(BusAddress("unix:path=\(silent.path)", isBus: false))
        let call = Task { try await bus.listUnits() }
        call.cancel()
        let error = await #expect(throws: SystemdError.self) { try await call.value }
        #expect(error?.code == .cancelled)
    }

    @Test func lostConnectionFailsTheCallThatWaits() async throws {
        let silent = try SilentSocket()
        let bus = try SystemdBus.open(BusAddress("unix:path=\(silent.path)", isBus: false))
        let call = Task { try await bus.listUnits() }
        try silent.acceptAndClose()
        let error = await #expect(throws: SystemdError.self) { try await call.value }
        #expect(error?.code == .disconnected, "\(error.map(String.init(describing:)) ?? "")")
    }
}
