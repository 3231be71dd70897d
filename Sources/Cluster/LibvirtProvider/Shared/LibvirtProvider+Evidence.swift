import FoundationEssentials
import Images
import Planning
import Provisioning
import Subprocess
import SystemPackage
import TopologyModel

extension LibvirtProvider {
    /// What libvirt's drivers write of a domain. https://libvirt.org/drvlxc.html
    static func libvirtLog(of domain: String, _ runtime: Runtime) -> String {
        "/var/log/libvirt/\(runtime == .vm ? "qemu" : "lxc")/\(domain).log"
    }

    package func evidence(for node: NodeReference, lines: Int) async -> [String] {
        guard (try? await runtime(of: node)) == .vm else { return await containerEvidence(for: node, lines: lines) }
        let console = (try? await console(of: node, lines: lines)) ?? []
        guard !uris.isRemote else { return console.map { "console: \($0)" } }
        // How libvirt calls QEMU is a screenful that explains nothing; what QEMU says is below it.
        let log = (try? storage.contents(of: Self.libvirtLog(of: node.domainName, .vm))) ?? Data()
        let said = Evidence.tail(String(decoding: log, as: UTF8.self), lines: 5).filter { line in
            line.contains("error") || line.hasPrefix("qemu-system") || line.contains("shutting down")
        }
        return (said.map { "libvirt: \($0)" } + console.map { "console: \($0)" }).suffix(lines)
    }

    private func containerEvidence(for node: NodeReference, lines: Int) async -> [String] {
        let directory = storage.directory(of: node)
        // Evidence is for an error that is being told already: what cannot be read is left out.
        let found = try? await offPool { [storage] in
            func tail(_ path: String) throws -> [String] {
                Evidence.tail(String(decoding: try storage.contents(of: path) ?? Data(), as: UTF8.self), lines: lines)
            }
            let ofLibvirt = try tail(Self.libvirtLog(of: node.domainName, .container)).map { "libvirt: \($0)" }
            return (ofLibvirt: ofLibvirt, ofInit: try tail("\(directory)/\(NodeContract.initLog)"))
        }
        var evidence = found?.ofLibvirt ?? []
        if let found, !found.ofInit.isEmpty {
            evidence += found.ofInit.map { "init: \($0)" }
        } else {
            evidence += await journal(in: "\(directory)/upper/var/log/journal", lines: lines).map { "journal: \($0)" }
        }
        return Array(evidence.suffix(lines))
    }

    /// The node's own journal, read from outside: warnings and worse, or anything when there are none.
    private func journal(in directory: String, lines: Int) async -> [String] {
        guard FileManager.default.fileExists(atPath: directory) else { return [] }
        for priority in ["warning", "debug"] {
            let result = try? await Subprocess.run(
                .name("journalctl"),
                arguments: [
                    "--directory", directory, "--lines", String(lines), "--priority", priority, "--boot", "--no-pager",
                    "--quiet", "--output", "short-iso",
                ],
                output: .string(limit: 1 << 20),
                error: .discarded,
            )
            let text = result?.standardOutput ?? ""
            if !text.isEmpty { return Evidence.tail(text, lines: lines) }
        }
        return []
    }
}

/// Picks from a log what helps.
enum Evidence {
    /// The last lines of the last start in a log.
    static func tail(_ log: String, lines: Int) -> [String] {
        var all = log.split(whereSeparator: \.isNewline).map(String.init)
        if let start = all.lastIndex(where: { $0.hasSuffix(": starting up") }) {
            all.removeSubrange(...start)
        }
        // How libvirt calls its helper: a screenful of environment that explains nothing.
        return all.filter { !$0.hasPrefix("PATH=") }.suffix(lines)
    }
}
