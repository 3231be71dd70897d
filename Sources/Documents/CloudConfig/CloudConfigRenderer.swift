/// Writes a cloud-config as the text a node is given.
///
/// Keys are spelt with `_` and booleans as `true` or `false`: Flatcar's reader drops anything else.
package struct CloudConfigRenderer: Sendable {
    /// The first line, by which a node knows what it was given.
    package static let header = "#cloud-config"

    /// Lines of comment under the header.
    package var comment: [String]

    package init(comment: [String] = []) {
        self.comment = comment
    }

    /// YAML text of a cloud-config, `#cloud-config` line included.
    package func render(_ config: CloudConfig) -> String {
        var writer = YAMLText()
        writer.write(pairs(of: config), indent: 0)
        let comments = comment.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
        return "\(Self.header)\n" + comments + writer.text
    }

    private typealias Pair = (key: String, value: YAMLText.Value)

    private func pairs(of config: CloudConfig) -> [Pair] {
        var pairs: [Pair] = []
        if let hostname = config.hostname { pairs.append(("hostname", .string(hostname))) }
        if let option = config.manageEtcHosts { pairs.append(("manage_etc_hosts", .string(option.rawValue))) }
        if !config.sshAuthorizedKeys.isEmpty {
            pairs.append(("ssh_authorized_keys", .list(config.sshAuthorizedKeys.map { .string($0) })))
        }
        append(config.users, as: "users", to: &pairs)
        append(config.writeFiles, as: "write_files", to: &pairs)
        let sections = self.pairs(of: config.coreos)
        if !sections.isEmpty { pairs.append(("coreos", .mapping(sections))) }
        return pairs
    }

    private func pairs(of coreos: CoreOS) -> [Pair] {
        var pairs: [Pair] = []
        append(coreos.etcd, to: &pairs)
        append(coreos.etcd2, to: &pairs)
        append(coreos.flannel, to: &pairs)
        append(coreos.fleet, to: &pairs)
        append(coreos.locksmith, to: &pairs)
        append(coreos.oem, to: &pairs)
        append(coreos.update, to: &pairs)
        append(coreos.units, as: "units", to: &pairs)
        return pairs
    }

    private func append<Key>(_ settings: Settings<Key>, to pairs: inout [Pair]) {
        guard !settings.isEmpty else { return }
        let values: [Pair] = settings.inOrder.map { ($0.rawValue, $1.yaml) }
        pairs.append((Key.section, .mapping(values)))
    }

    private func append(_ elements: [some KeyedStruct], as key: String, to pairs: inout [Pair]) {
        guard !elements.isEmpty else { return }
        pairs.append((key, .list(elements.map(value))))
    }

    private func value<Element: KeyedStruct>(of element: Element) -> YAMLText.Value {
        .mapping(
            Element.fields.compactMap { field in
                value(of: field.target, in: element).map { (field.key, $0) }
            }
        )
    }

    /// Nil for what need not be written.
    private func value<Root>(of target: Field<Root>.Target, in element: Root) -> YAMLText.Value? {
        switch target {
        case .text(let path): .string(element[keyPath: path])
        case .string(let path): element[keyPath: path].map { .string($0) }
        case .bool(let path): element[keyPath: path] ? .literal("true") : nil
        case .strings(let path):
            element[keyPath: path].isEmpty ? nil : .list(element[keyPath: path].map { .string($0) })
        case .dropIns(let path):
            element[keyPath: path].isEmpty ? nil : .list(element[keyPath: path].map(value))
        }
    }
}

extension SettingValue {
    fileprivate var yaml: YAMLText.Value {
        if case .string(let text) = self { .string(text) } else { .literal(description) }
    }
}
