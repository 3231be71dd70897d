import Basics
import Chaos
import Foundation
import TestKit
import Testing

@testable import FaultInjection

struct FaultScriptsTests {
    private static let faults = FaultKind.allCases.flatMap { kind in
        CutDirection.allCases.map { Fault(number: 7, kind: kind, nodes: ["a"], direction: $0, seconds: 5) }
    }

    @Test("every command is one that a shell takes", arguments: faults)
    func syntax(_ fault: Fault) async throws {
        guard let scripts = FaultScripts(fault, others: ["10.0.0.1", "10.0.0.2"]) else {
            #expect(fault.kind.isOfHypervisor)
            return
        }
        #expect(!fault.kind.isOfHypervisor)
        let commands = [
            scripts.applying(fault, limit: 30), scripts.undoing(fault), FaultScripts.undoingAll, FaultScripts.remains,
        ]
        let parsed = commands.map { $0.replacing("sudo sh -c", with: "sh -n -c") }
        for command in parsed + [scripts.apply, scripts.undo].map({ "sh -n -c \(ShellWord.quoted($0))" }) {
            let ran = try await ShellCommand.run(command)
            #expect(ran.exitCode == 0 && ran.output.isEmpty, "\(ran): \(command)")
        }
    }

    @Test("what undoes a fault is laid down, with a timer, before the fault")
    func order() throws {
        for fault in Self.faults {
            guard let scripts = FaultScripts(fault, others: ["10.0.0.1"]) else { continue }
            let command = scripts.applying(fault, limit: 30)
            let file = try #require(command.range(of: "undo-7"))
            let timer = try #require(command.range(of: "--on-active=30"))
            let first = scripts.apply.split(separator: "\n").first.map(String.init) ?? ""
            let apply = try #require(command.range(of: first.replacing("'", with: "'\\''")))
            #expect(file.lowerBound < timer.lowerBound)
            #expect(timer.upperBound < apply.lowerBound)
        }
    }

    @Test("a cut of one direction drops packets of that direction alone")
    func directions() throws {
        func hooks(_ direction: CutDirection) throws -> [String] {
            let fault = Fault(number: 1, kind: .cut, nodes: ["a"], direction: direction)
            let script = try #require(FaultScripts(fault, others: ["10.0.0.1"])).apply
            return ["INPUT", "OUTPUT"].filter { script.contains("-I \($0) ") }
        }
        #expect(try hooks(.both) == ["INPUT", "OUTPUT"])
        #expect(try hooks(.incoming) == ["INPUT"])
        #expect(try hooks(.outgoing) == ["OUTPUT"])
    }
}
