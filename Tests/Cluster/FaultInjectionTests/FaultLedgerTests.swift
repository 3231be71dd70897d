import Chaos
import FaultInjection
import Foundation
import TestKit
import Testing

struct FaultLedgerTests {
    @Test("what is being done is read back, and gone when it was undone")
    func record() async throws {
        try await TemporaryDirectory.with { directory in
            let ledger = FaultLedger(path: "\(directory)/demo.json")
            #expect(try ledger.read() == nil)
            try ledger.remove()
            let fault = Fault(number: 3, kind: .cut, nodes: ["a", "b"], direction: .incoming, seconds: 7.5)
            let record = FaultRecord(run: "x", holder: "slipway chaos demo, process 7", faults: [fault])
            try ledger.write(record)
            #expect(try ledger.read() == record)
            try ledger.remove()
            #expect(try ledger.read() == nil)
        }
    }

    @Test("a record that is none says so")
    func broken() async throws {
        try await TemporaryDirectory.with { directory in
            try Data("{".utf8).write(to: URL(filePath: "\(directory)/demo.json"))
            let ledger = FaultLedger(path: "\(directory)/demo.json")
            #expect(throws: FaultError.self) { try ledger.read() }
        }
    }
}
