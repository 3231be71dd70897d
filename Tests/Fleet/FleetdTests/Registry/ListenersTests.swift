import Etcd
import FleetState
import Fleetd
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ListenersTests {
    @Test func onlyTheNewestValueWaits() async {
        var listeners = Listeners<Int>()
        var stream = listeners.listen(1).makeAsyncIterator()
        listeners.tell(2)
        listeners.tell(3)
        #expect(await stream.next() == 3)
        listeners.finish()
        #expect(await stream.next() == nil)
    }

    @Test func whoseTaskIsCancelledIsForgotten() async {
        var listeners = Listeners<Int>()
        let stream = listeners.listen(nil)
        #expect(listeners.count == 1)
        let task = Task { for await _ in stream {} }
        task.cancel()
        await task.value
        #expect(listeners.count == 0)
    }

    /// A task's cancellation and a value for its stream take the same two locks.
    @Test func cancellationAndChangesDoNotWaitForEachOther() async {
        let presence = Presence()
        let session = MachineSession(machineID: "m1", lease: LeaseID(1), ttl: 5, createRevision: 1, revision: 1)
        let changing = Task.detached {
            while !Task.isCancelled {
                presence.began(session)
                presence.ended(session, RegistryError(.unavailable, "away"))
                await Task.yield()
            }
        }
        for _ in 0..<5000 {
            let listening = Task { for await _ in presence.sessions() {} }
            await Task.yield()
            listening.cancel()
            await listening.value
        }
        changing.cancel()
        await changing.value
        #expect(presence.session == nil)
    }
}
