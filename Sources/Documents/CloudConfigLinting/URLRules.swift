import Basics
import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension ValidationRule {
    /// Addresses of services that are not URLs: the service then does not start, long after the config was accepted.
    static let urls = ValidationRule("URLs") { root in
        URLList.all.flatMap { list in list.faults(in: root) }
    }
}

/// A key whose value is one URL or several with commas between them.
struct URLList: Sendable {
    enum Rule: Sendable {
        /// Any URL.
        case any
        /// As etcd takes its own: scheme, host and port, and nothing more.
        case etcd
        /// The same, to listen on: the host is an address.
        case listen
        /// As `any`, only one.
        case single
    }

    var path: [String]
    var rule: Rule

    static let all = [
        URLList(path: ["coreos", "etcd2", "advertise_client_urls"], rule: .etcd),
        URLList(path: ["coreos", "etcd2", "initial_advertise_peer_urls"], rule: .etcd),
        URLList(path: ["coreos", "etcd2", "listen_client_urls"], rule: .listen),
        URLList(path: ["coreos", "etcd2", "listen_peer_urls"], rule: .listen),
        URLList(path: ["coreos", "etcd2", "discovery"], rule: .single),
        URLList(path: ["coreos", "etcd2", "discovery_proxy"], rule: .single),
        URLList(path: ["coreos", "fleet", "etcd_servers"], rule: .any),
        URLList(path: ["coreos", "flannel", "etcd_endpoints"], rule: .any),
        URLList(path: ["coreos", "locksmith", "endpoint"], rule: .any),
        URLList(path: ["coreos", "update", "server"], rule: .single),
    ]

    func faults(in root: YAMLNode) -> [Diagnostic] {
        guard let pair = root.pair(path), let text = pair.value.asString, !text.isEmpty else { return [] }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let urls = rule == .single ? [text] : parts
        // flannel's and the update engine's settings are no unit's.
        let isUnits = !path.contains("flannel") && !path.contains("update")
        return urls.compactMap { url in
            let sample = isUnits ? SampleAddresses.expanded(url) : url
            guard let fault = Self.fault(in: sample, rule) else { return nil }
            let key = path.joined(separator: ".")
            return .error("\(key): \"\(url)\" is not a URL it can use: \(fault)", at: pair.valueLocation)
        }
    }

    static func fault(in text: String, _ rule: Rule) -> String? {
        let url = SampleAddresses.filled(text)
        if url != url.trimmed { return "there is a space before or after it" }
        if let fault = GoURL.fault(in: url) { return fault }
        guard let (scheme, rest) = GoURL.split(url), !scheme.isEmpty, rest.hasPrefix("//") else {
            return "it needs a scheme and a host, as in http://10.0.0.1:2379"
        }
        let known = rule == .etcd || rule == .listen ? ["http", "https", "unix", "unixs"] : ["http", "https"]
        guard known.contains(scheme) else { return "\(scheme):// is not spoken there; use http:// or https://" }
        let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty else { return "it names no host" }
        guard rule == .etcd || rule == .listen, !scheme.hasPrefix("unix") else { return nil }
        return etcdFault(authority, tail: rest.dropFirst(2 + authority.count), listens: rule == .listen)
    }

    private static func etcdFault(_ authority: Substring, tail: Substring, listens: Bool) -> String? {
        if !tail.isEmpty, tail != "/" { return "etcd allows no path in it" }
        guard let colon = authority.lastIndex(of: ":"), authority.last != "]",
            !authority[authority.index(after: colon)...].isEmpty
        else { return "etcd wants a port in it, such as :2379" }
        let host = authority[..<colon]
        guard listens, host != "localhost", !host.isEmpty, !isAddress(host) else { return nil }
        return "to listen, etcd wants an address in it and no name"
    }

    private static func isAddress(_ host: Substring) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || ":.%".contains($0) || $0.isLetter }
        }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
