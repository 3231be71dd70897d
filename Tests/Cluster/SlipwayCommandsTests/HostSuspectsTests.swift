import ArgumentParser
import Backups
import Foundation
import Images
import Provisioning
import SecureShell
import Testing
import Workspace

@testable import SlipwayCommands

/// Errors that have to do with this host name what `slipway doctor` finds.
struct HostSuspectsTests {
    private static let ofHost: [(any Error, String)] = [
        (ProviderError(.connection, "libvirt does not answer"), "libvirt's service"),
        (ProviderError(.unsupported, "no driver"), "machines of libvirt"),
        (ProviderError(.failed, "no network"), "forwarding"),
        (ImagesError(.tool, "mmdebstrap failed"), "disk"), (ImagesError(.transfer, "not whole"), "curl"),
        (ImagesError(.store, "cannot write"), "privileges"), (ImagesError(.programs, "not found"), "node image"),
        (BackupError("no etcd here"), "node image"),
        (SSHError(.secret, "keys cannot be used"), "privileges"), (CocoaError(.fileWriteOutOfSpace), "disk"),
        (UserError("cannot make", isAboutHost: true), "privileges"),
        (ToldFailure("failed", isAboutHost: true), "memory"),
    ]

    @Test(arguments: Self.ofHost.indices)
    func errorsOfTheHostHaveCauses(index: Int) {
        let (error, cause) = Self.ofHost[index]
        #expect(HostSuspects.causes(of: error)?.contains(cause) == true, "\(error)")
    }

    @Test func otherErrorsHaveNone() {
        let others: [any Error] = [
            UserError("there is no cluster"), ToldFailure("nothing was changed"), ExitCode.failure,
            ValidationError("no"), ProviderError(.conflict, "somebody else's"), ImagesError(.refused, "wrong digest"),
            SSHError(.command, "exit 1"), CancellationError(),
        ]
        for error in others { #expect(HostSuspects.causes(of: error) == nil, "\(error)") }
    }

    @Test func whatIsMissingIsAlwaysNamedAndWarningsWhereTheyExplain() {
        func finding(_ what: String, _ level: HostFinding.Level, kind: HostFinding.Kind = .check) -> HostFinding {
            HostFinding(kind: kind, what: what, level: level, detail: "")
        }
        let findings = [
            finding("port 53", .missing), finding("disk", .warning), finding("KVM", .warning), finding("ip", .ok),
            finding("containers", .missing, kind: .feature),
        ]
        #expect(HostSuspects.among(findings, causes: ["disk"]).map(\.what) == ["port 53", "disk"])
    }

    @Test func nothingIsSaidTwice() {
        let remedy = "run slipway with sudo"
        let findings = [
            HostFinding(what: "privileges", level: .missing, detail: "not root", remedy: remedy),
            HostFinding(what: "libvirt", level: .missing, detail: "no socket", remedy: remedy),
            HostFinding(what: "bridges", level: .warning, detail: "left", fix: ["ip link delete slw0123456789"]),
        ]
        #expect(
            HostSuspects.notes(of: findings, below: "cannot connect: no socket") == [
                "This host (`slipway doctor`): privileges: not root\n  to fix it: run slipway with sudo",
                "This host (`slipway doctor`): libvirt",
                "This host (`slipway doctor`): bridges: left\n  to fix it: sudo ip link delete slw0123456789",
            ]
        )
    }

    /// One that is not listed would be taken to speak with this host's own libvirt.
    @Test func eachCommandWithAURIIsKnownToHaveOne() {
        func check(_ type: any ParsableCommand.Type, sourceLocation: SourceLocation = #_sourceLocation) {
            for subcommand in type.configuration.subcommands
                + type.configuration.groupedSubcommands.flatMap(\.subcommands)
            {
                check(subcommand)
            }
            guard type.configuration.subcommands.isEmpty, type.helpMessage().contains("--connect <uri>") else { return }
            #expect(type is any LibvirtCommand.Type, "\(type)", sourceLocation: sourceLocation)
        }
        check(SlipwayCommand.self)
    }
}
