import Basics
import FleetState
import Foundation
import TestKit
import Testing

@testable import Fleetd

/// What a machine says of its setup.
@Suite(.timeLimit(.minutes(5))) struct MachineSetupTests {
    @Test(arguments: [
        (#"{"stage":"done","ok":true,"failed":[],"error":null}"#, true),
        (#"{"stage":"files","ok":true,"failed":[],"error":null}"#, false),
        (#"{"stage":"done","ok":false,"failed":[],"error":"cannot write"}"#, false),
        (#"{"stage":"done","ok":true,"failed":["start web.service: failed"],"error":null}"#, true),
        (#"{"stage":"done","ok":true,"failed":["start flanneld.service: not finished after 60 s"]}"#, false),
        (#"{"stage":"done","ok":"#, false),
        ("", false),
    ])
    func results(_ text: String, _ isDone: Bool) async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory)/result.json"
            #expect(!MachineSetup.isDone(path: path))
            try Data(text.utf8).write(to: URL(filePath: path))
            #expect(MachineSetup.isDone(path: path) == isDone)
        }
    }

    /// Who registers while its units are still started says so later; who registers after that, at once.
    @Test(arguments: [false, true]) func theRecordSaysThatItIsDone(isLate: Bool) async throws {
        try await TemporaryDirectory.with { try await saysThatItIsDone("\($0)/result.json", isLate: isLate) }
    }

    private func saysThatItIsDone(_ path: String, isLate: Bool) async throws {
        let registry = FleetRegistry(etcd: FakeEtcd())
        let description = MachineDescription(
            identity: MachineIdentity(id: "a1", token: "boot"),
            configuration: FleetConfiguration(),
            setupPath: path
        )
        let presence = Presence()
        let service = SetupService(
            registry: registry,
            presence: presence,
            machine: description,
            logger: FleetMachine.quiet
        )
        let task = Task { try await service.run() }
        defer { task.cancel() }
        func write(_ stage: String) throws {
            try AtomicFile.write(#"{"stage":"\#(stage)","ok":true,"failed":[],"error":null}"#, to: path)
        }
        try write("files")
        if !isLate { try write("done") }
        presence.began(try await registry.register(description.record, ttl: 60))
        if isLate {
            #expect(try await registry.machines().first?.isSetUp == nil)
            try write("done")
        }
        try await eventually(within: .seconds(30), "the record says it") {
            try await registry.machines().first?.isSetUp == true
        }
    }
}
