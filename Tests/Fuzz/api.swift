// instruments: UnitFiles Fleetd
import Dispatch
import FleetAPI
import FleetState
import Logging
import Synchronization
import TestKit
import UnitFiles

@testable import Fleetd

/// Any text as the body of a request that writes: nothing but success and refusals in words, and what is taken is
/// read back as it was meant, so that no value becomes a line of its own in a unit file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let body = Array(UnsafeBufferPointer(start: start, count: count))
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
        await FuzzedFleet.shared.put(body)
        await FuzzedFleet.shared.patch(body)
        isDone.signal()
    }
    isDone.wait()
    return 0
}

/// The API of a machine that is registered with an etcd in memory.
private actor FuzzedFleet {
    static let shared = FuzzedFleet()

    private let registry: FleetRegistry
    private let watch: ClusterWatch
    private let api: APIResponder
    private var session: MachineSession?
    private let presence = Presence()

    init() {
        var logger = Logger(label: "fuzz")
        logger.logLevel = .critical
        registry = FleetRegistry(etcd: FakeEtcd())
        watch = ClusterWatch(registry, logger: logger)
        // A processor that has no time for this is no broken promise.
        api = APIResponder(
            registry: registry,
            watch: watch,
            presence: presence,
            logger: logger,
            startLimit: .seconds(600),
            copyLimit: .seconds(600),
        )
    }

    private func begin() async {
        guard session == nil else { return }
        let machine = MachineRecord(id: "m1", primaryIP: "10.0.0.1", metadata: [:], token: "t")
        guard let session = try? await registry.register(machine, ttl: 600) else { fatalError("cannot register") }
        let watch = watch
        Task { try await watch.run() }
        self.session = session
        presence.began(session)
        _ = await watch.wait(until: session.revision, within: .seconds(600))
    }

    private func send(_ method: String, _ path: String, _ body: [UInt8] = []) async -> APIResponse {
        await api.respond(
            to: APIRequest(method, path, query: [:], contentTypes: ["application/json"], bytes: body)
        )
    }

    func put(_ body: [UInt8]) async {
        await begin()
        let path = "/fleet/v1/units/x.service"
        let response = await send("PUT", path, body)
        promise([201, 400, 409, 413].contains(response.status), "PUT is answered \(response)")
        guard response.status == 201 else { return }
        let unit = try? await registry.unit("x.service")?.unit
        let sent = try? GoJSON.decode(APIUnit.self, body)
        let wanted = UnitFile(options: sent?.options ?? [])
        promise(unit?.file == wanted.asWritten, "a unit is not stored as it was sent")
        promise(unit?.file.options.count == wanted.options.count, "options were made of values")
        let (read, deleted) = (await send("GET", path), await send("DELETE", path))
        promise(read.status == 200, "a unit cannot be read")
        promise(deleted.status == 204, "a unit cannot be removed")
    }

    func patch(_ body: [UInt8]) async {
        let response = await send("PATCH", "/fleet/v1/machines", body)
        promise([204, 400, 413].contains(response.status), "PATCH is answered \(response)")
    }
}
