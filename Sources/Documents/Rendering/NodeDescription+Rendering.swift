import CloudConfig

extension NodeDescription {
    /// The node's description in `format`. Directives that the format cannot express are in the findings, each by its
    /// name.
    package func rendered(as format: NodeFormat, comment: [String] = []) -> RenderedNode {
        switch format {
        case .coreos:
            // Whoever reads this format knows every directive, and puts addresses in itself.
            let text = CloudConfigRenderer(comment: comment).render(config)
            return RenderedNode(files: [RenderedFile(name: "user-data", text: text)], findings: [])
        case .cloudInit:
            let parts = NodeParts(self, for: .debian)
            return RenderedNode(files: CloudInitOutput(parts, comment: comment).files, findings: parts.findings)
        case .ignitionFlatcar, .ignitionFedora:
            let parts = NodeParts(self, for: format == .ignitionFlatcar ? .flatcar : .fedora)
            let text = IgnitionOutput(parts).text
            return RenderedNode(files: [RenderedFile(name: "config.ign", text: text)], findings: parts.findings)
        }
    }
}

/// System that a description is translated for.
enum Guest: Sendable, Hashable {
    case debian, flatcar, fedora

    var name: String {
        switch self {
        case .debian: "a cloud image with cloud-init"
        case .flatcar: "Flatcar"
        case .fedora: "Fedora CoreOS"
        }
    }

    /// Name of etcd's unit on it.
    var etcdUnit: String {
        switch self {
        case .debian: "etcd.service"
        case .flatcar, .fedora: "etcd-member.service"
        }
    }
}
