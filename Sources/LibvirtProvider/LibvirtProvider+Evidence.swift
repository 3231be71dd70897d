import FoundationEssentials
import Images
import Planning
import Provisioning

extension LibvirtProvider {
    /// What libvirt's LXC driver writes of a domain. https://libvirt.org/drvlxc.html
    static func libvirtLog(of domain: String) -> String { "/var/log/libvirt/lxc/\(domain).log" }

    package func evidence(for node: NodeReference, lines: Int) async -> [String] {
        let sources = [
            ("node", "\(storage.directory(of: node))/\(NodeContract.initLog)"),
            ("libvirt", Self.libvirtLog(of: node.domainName)),
        ]
        let found = try? await offPool { [storage] in
            sources.flatMap { source, path in
                // Evidence is for an error that is being told already: what cannot be read is left out.
                let text = (try? storage.contents(of: path)).flatMap(\.self).map { String(decoding: $0, as: UTF8.self) }
                return Evidence.tail(text ?? "", lines: lines).map { "\(source): \($0)" }
            }
        }
        return Array((found ?? []).suffix(lines))
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
