import FoundationEssentials
import TestKit
import Testing

@testable import Images

@Suite struct ProgramCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]
        var reason: String?
    }

    static let cases = [
        Case(
            testDescription: "static Swift, Debian's libraries",
            bytes: ELFSample.bytes(needing: ["libc.so.6", "libstdc++.so.6"], versions: ["GLIBC_2.34", "GLIBC_2.2.5"]),
            reason: nil,
        ),
        Case(
            testDescription: "dynamic Swift",
            bytes: ELFSample.bytes(needing: ["libswiftCore.so", "libc.so.6"]),
            reason: "needs libswiftCore.so, which a node does not have",
        ),
        Case(
            testDescription: "dynamic Foundation",
            bytes: ELFSample.bytes(needing: ["libFoundationEssentials.so"]),
            reason: "needs libFoundationEssentials.so, which a node does not have",
        ),
        Case(
            testDescription: "a newer C library",
            bytes: ELFSample.bytes(needing: ["libc.so.6"], versions: ["GLIBC_2.36", "GLIBC_2.38"]),
            reason: "needs glibc 2.38, nodes have 2.36: build on Debian 12 (a container will do)",
        ),
        Case(testDescription: "a script", bytes: Array("#!/bin/sh\n".utf8), reason: "is cut short"),
        Case(
            testDescription: "a long script",
            bytes: Array(String(repeating: "# not a program\n", count: 9).utf8),
            reason: "is not a program",
        ),
        Case(
            testDescription: "half a program",
            bytes: Array(ELFSample.bytes(needing: ["libc.so.6"]).prefix(100)),
            reason: "is cut short",
        ),
    ]

    @Test(arguments: cases) func saysWhyAProgramCannotRunInANode(_ sample: Case) async throws {
        try await TemporaryDirectory.withFiles { scratch in
            let path = try scratch.write(sample.bytes, to: "program")
            #expect(ProgramCheck.reasonAgainst(path) == sample.reason)
        }
    }

    @Test func readsARealProgram() {
        #expect(ProgramCheck.reasonAgainst("/bin/sh") == nil)
    }
}
