import Planning
import Provisioning
import TestKit
import Testing

/// The fake's own means: failures, and death at any moment.
@Suite struct FakeProviderTests {
    @Test func failsWhenTold() async throws {
        let fake = FakeProvider()
        await fake.fail("start", "prod.central-1", with: ProviderError(.failed, "no"))
        let world = ProviderWorld(provider: fake, hands: .fake(fake), image: Samples.paths("/srv"))
        await fake.fail("start", world.node().domainName, with: ProviderError(.failed, "once"))
        await #expect(throws: ProviderError(.failed, "once")) { try await world.bringUp(world.node()) }
        try await world.bringUp(world.node())
        #expect(await fake.calls.filter { $0.name == "start" }.count == 2)
    }

    @Test func whereverItDiesTheNextRunEnds() async throws {
        let whole = FakeProvider()
        let first = ProviderWorld(provider: whole, hands: .fake(whole), image: Samples.paths("/srv"))
        try await first.bringUp(first.node())
        let up = await whole.steps
        try await first.clean()
        let total = await whole.steps
        #expect(up >= 6 && total >= up + 6)
        #expect(await whole.isClean)

        for moment in 0..<total {
            let fake = FakeProvider()
            let world = ProviderWorld(provider: fake, hands: .fake(fake), image: Samples.paths("/srv"))
            await fake.kill(afterSteps: moment)
            await #expect(throws: FakeProvider.Killed.self) {
                try await world.bringUp(world.node())
                try await world.clean()
            }
            await fake.revive()
            if moment < up {
                try await world.bringUp(world.node())
                #expect(try await world.observed().map(\.phase) == [.started])
            }
            try await world.clean()
            #expect(await fake.isClean)
        }
    }
}
