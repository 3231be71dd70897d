import ArgumentParser
import Backups
import Basics
import Diagnostics
import FoundationEssentials
import Images
import Planning
import Provisioning
import SecureShell
import Workspace

/// Findings of `slipway doctor` that may be why a command failed, named below its error.
enum HostSuspects {
    /// Warnings that only now and then keep a cluster from working.
    private static let traps: Set = [
        "forwarding", "disk", "memory", "bridges", "port 53", "firewalld", "libvirt's version",
    ]
    private static let libvirt: Set = [
        "libvirt's service", "libvirt's version", "containers of libvirt", "machines of libvirt",
    ]
    private static let transfers: Set = ["curl", "gpgv", "gzip", "bzip2", "xz", "zstd", "disk"]

    /// Names of the checks whose warnings may be why; what a check finds missing may be why in any case.
    ///
    /// - Returns: nil for an error that has nothing to do with this host.
    static func causes(of error: any Error) -> Set<String>? {
        switch error {
        case let error as ToldFailure: error.isAboutHost ? traps : nil
        case let error as UserError: error.isAboutHost ? ["privileges", "disk"] : nil
        case let error as ProviderError: error.code == .conflict ? nil : traps.union(libvirt).union(["privileges"])
        case let error as ImagesError: causes(of: error.code)
        case let error as SSHError: error.code == .secret ? ["privileges", "disk"] : nil
        // etcd's programs come from a node image where this host has none.
        case is BackupError: ["node image", "disk", "memory"]
        case is CocoaError, is SystemFailure: ["privileges", "disk"]
        default: nil
        }
    }

    private static func causes(of code: ImagesError.Code) -> Set<String>? {
        switch code {
        case .tool, .interrupted: transfers.union(["qemu-img", "mkfs.ext4", "memory", "privileges"])
        case .transfer: transfers
        case .store: ["privileges", "disk"]
        case .programs: ["node image"]
        case .busy, .missing, .refused: nil
        default: nil
        }
    }

    /// Those of the findings that may be why.
    static func among(_ findings: [HostFinding], causes: Set<String>) -> [HostFinding] {
        findings.filter { finding in
            guard finding.kind == .check else { return false }
            return finding.level == .missing || finding.level == .warning && causes.contains(finding.what)
        }
    }

    /// Findings as lines below an error, which do not say again what it has said, nor what one of them has.
    static func notes(of findings: [HostFinding], below error: String) -> [String] {
        var remedies: Set<String> = []
        return findings.map { finding in
            let detail = error.contains(finding.detail) ? "" : ": \(finding.detail)"
            let fresh = finding.remedy.flatMap { remedies.insert($0).inserted ? $0 : nil }
            return "This host (`slipway doctor`): \(finding.what)\(detail)"
                + (fresh.map { "\n  to fix it: \($0)" } ?? "")
        }
    }

    /// Names them on standard error; none for a failure on another host.
    static func tell(of error: any Error, in command: any ParsableCommand) async {
        guard let causes = causes(of: error), !(command is HostDoctor) else { return }
        let uri = (command as? any LibvirtCommand)?.connect.uri ?? ConnectOptions.standard
        guard uri.contains(":///") else { return }
        let facts = await HostFacts.read()
        let (findings, seen) = await HostDoctor.findings(uri: uri, facts: facts)
        for note in notes(of: among(findings, causes: causes), below: "\(error)") { Output.note(note) }
        let running = seen?.nodes.count { $0.power == .running } ?? 0
        for shortage in HostLimits.shortages(nodes: running, sysctls: facts.sysctls) {
            Output.note("This host: \(shortage.message)" + shortage.notes.map { "\n  to fix it: \($0)" }.joined())
        }
    }
}
