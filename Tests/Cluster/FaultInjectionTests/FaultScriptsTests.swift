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

    @Test("what libvirt's daemons are restarted by is a script that a shell takes")
    func daemons() async throws {
        for script in [LibvirtDaemons.looking, LibvirtDaemons.restarting] {
            let ran = try await ShellCommand.run("sh -n -c \(ShellWord.quoted(script))")
            #expect(ran.exitCode == 0 && ran.output.isEmpty, "\(ran)")
        }
    }

    @Test(
        "libvirt of another host, and the one for tests, are not restarted",
        arguments: [
            "qemu+ssh://root@host/system", "test:///default",
        ]
    )
    func obstacle(_ uri: String) async throws {
        #expect(try await LibvirtDaemons(uri: uri).obstacle() == "\(uri) is not this host's own libvirt")
    }

    @Test("a clock is put back by the time since the node's start, once, and not where it did not jump")
    func clock() async throws {
        let scripts = try #require(
            FaultScripts(Fault(number: 7, kind: .clockJump, nodes: ["a"], seconds: 5), others: [])
        )
        try await TemporaryDirectory.with { directory in
            // The clock is a file here, and what asks for it and sets it, other programs.
            let programs = [
                "date": "case $1 in +*) cat \(directory)/clock ;; -s) echo \"${2#@}\" >\(directory)/clock ;; esac",
                "journalctl": "exit 0",
                "systemd-cat": "cat >>\(directory)/journal",
            ]
            try FileManager.default.createDirectory(atPath: "\(directory)/bin", withIntermediateDirectories: false)
            for (name, text) in programs {
                let path = "\(directory)/bin/\(name)"
                try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            }
            func run(_ script: String, uptime: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
                try Data("\(uptime) 1\n".utf8).write(to: URL(filePath: "\(directory)/uptime"))
                let own = script.replacing(FaultScripts.directory, with: directory)
                    .replacing("/proc/uptime", with: "\(directory)/uptime")
                let ran = try await ShellCommand.run("PATH=\(directory)/bin:$PATH sh -c \(ShellWord.quoted(own))")
                #expect(ran.exitCode == 0 && ran.output.isEmpty, "\(ran)", sourceLocation: sourceLocation)
            }
            func time() throws -> String { try String(contentsOfFile: "\(directory)/clock", encoding: .utf8).trimmed }
            try Data("1796000000\n".utf8).write(to: URL(filePath: "\(directory)/clock"))
            try await run(scripts.undo, uptime: "90.00")
            #expect(try time() == "1796000000")
            try await run(scripts.apply, uptime: "100.50")
            #expect(try time() == "1796003600")
            for _ in 1...2 { try await run(scripts.undo, uptime: "107.75") }
            #expect(try time() == "1796000007.250")
            #expect(try String(contentsOfFile: "\(directory)/journal", encoding: .utf8) == "the clock jumps\n")
            let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            #expect(left == ["bin", "clock", "journal", "uptime"])
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
        func hooks(_ direction: CutDirection, sourceLocation: SourceLocation = #_sourceLocation) throws -> [String] {
            let fault = Fault(number: 1, kind: .cut, nodes: ["a"], direction: direction)
            let script = try #require(FaultScripts(fault, others: ["10.0.0.1"]), sourceLocation: sourceLocation).apply
            return ["INPUT", "OUTPUT"].filter { script.contains("-I \($0) ") }
        }
        #expect(try hooks(.both) == ["INPUT", "OUTPUT"])
        #expect(try hooks(.incoming) == ["INPUT"])
        #expect(try hooks(.outgoing) == ["OUTPUT"])
    }
}
