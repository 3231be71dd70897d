import TopologyModel

/// Lines of logs that help to explain a failure.
enum Evidence {
    /// Log that libvirt's driver keeps of a domain. https://libvirt.org/drvlxc.html
    static func libvirtLog(of domain: String, _ runtime: Runtime) -> String {
        "/var/log/libvirt/\(runtime == .vm ? "qemu" : "lxc")/\(domain).log"
    }

    /// The last lines of the last start in a log.
    static func tail(_ log: String, lines: Int) -> [String] {
        var all = log.split(whereSeparator: \.isNewline).map(String.init)
        if let start = all.lastIndex(where: { $0.hasSuffix(": starting up") }) {
            all.removeSubrange(...start)
        }
        // libvirt's call of its helper: a screenful of environment variables.
        return all.filter { !$0.hasPrefix("PATH=") }.suffix(lines)
    }
}
