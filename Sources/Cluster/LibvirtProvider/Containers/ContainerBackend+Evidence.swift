import FoundationEssentials
import Images
import Planning
import Provisioning
import Subprocess
import SystemPackage
import TopologyModel

extension ContainerBackend {
    func evidence(for node: NodeReference, lines: Int) async -> [String] {
        let directory = storage.directory(of: node)
        let found = try? await offPool { [storage] in
            func tail(_ path: String) throws -> [String] {
                Evidence.tail(String(decoding: try storage.contents(of: path) ?? Data(), as: UTF8.self), lines: lines)
            }
            let ofLibvirt = try tail(Evidence.libvirtLog(of: node.domainName, .container)).map { "libvirt: \($0)" }
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
