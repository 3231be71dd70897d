import Locksmith
import Systemd
import TestKit
import Testing

@Suite struct LocksmithRebootTests {
    /// Nobody gives back the place of a machine whose locksmithd does not run.
    @Test func aPlaceThatWouldBeLostIsNotTaken() async throws {
        let systemd = FakeSystemd()
        await #expect(throws: (any Error).self) { try await LocksmithMain.checkPlaceIsGivenBack(systemd) }
        systemd.addUnitFile("locksmithd.service")
        try await LocksmithMain.checkPlaceIsGivenBack(systemd)
        _ = try await systemd.maskUnitFiles(["locksmithd.service"], runtime: false, force: false)
        let error = await #expect(throws: (any Error).self) { try await LocksmithMain.checkPlaceIsGivenBack(systemd) }
        #expect("\(try #require(error))".contains("locksmithd.service does not run on this machine"))
    }
}
