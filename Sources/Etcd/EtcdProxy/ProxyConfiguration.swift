import Basics
import TransportSecurity

/// Configuration of the proxy by etcd v2's own environment variables.
package struct ProxyConfiguration: Sendable, Hashable {
    /// Mode in which etcd2's `proxy` setting puts it.
    package enum Mode: String, Sendable {
        /// Forwards everything.
        case on
        /// Forwards what changes nothing.
        case readonly
    }

    /// Mode in which the program runs.
    package var mode: Mode
    /// Addresses to listen on (`ETCD_LISTEN_CLIENT_URLS`).
    package var listen: [Endpoint]
    /// Peer addresses of the members (`ETCD_INITIAL_CLUSTER`); the names do not matter.
    package var peers: [Endpoint]
    /// Source of the peers when they are not listed (`ETCD_DISCOVERY`).
    package var discovery: DiscoveryURL?
    /// The file that remembers the members over a restart (in `ETCD_DATA_DIR`); nil remembers nothing.
    package var cacheFile: String?
    /// Interval at which the member list is read (`ETCD_PROXY_REFRESH_INTERVAL`).
    package var refreshInterval: Duration
    /// Limit of one attempt to reach a member (`ETCD_PROXY_DIAL_TIMEOUT`).
    package var dialTimeout: Duration
    /// Certificates for the proxy's own requests to members, for clusters with TLS; clients' bytes are forwarded
    /// unchanged.
    package var tls: TLSFiles?
    /// Number of clients that are served at a time. Each takes two descriptors, and some are kept for probes and the
    /// member list; far more than a node's programs need, and few enough that a program gone wild takes no member's
    /// descriptors.
    package var connections = max(16, min(2048, (DescriptorLimit.current - 64) / 2))
    /// Time that a client may be connected without a request.
    package var silenceLimit: Duration = .seconds(30)
    /// Time that a client waits for a member before it gets an error.
    package var patience: Duration = .seconds(5)
    /// Time that new clients wait for the cluster to commit again after a member was lost. An election takes one to two
    /// seconds, and etcd's own clients give up after five.
    package var doubtLimit: Duration = .seconds(4)
    /// Time after which the next member is tried beside a running attempt.
    package var hedgeDelay: Duration = .milliseconds(200)
    /// Interval of probes of each member, and the limit of one.
    package var probeInterval: Duration = .seconds(1)

    package init(
        mode: Mode = .on,
        listen: [Endpoint],
        peers: [Endpoint],
        discovery: DiscoveryURL? = nil,
        cacheFile: String? = nil,
        refreshInterval: Duration = .seconds(30),
        dialTimeout: Duration = .seconds(1),
        tls: TLSFiles? = nil,
    ) {
        self.mode = mode
        self.listen = listen
        self.peers = peers
        self.discovery = discovery
        self.cacheFile = cacheFile
        self.refreshInterval = refreshInterval
        self.dialTimeout = dialTimeout
        self.tls = tls
    }

    /// - Throws: ``ProxyError`` that names the variable.
    package init(environment: [String: String]) throws(ProxyError) {
        let value = environment["ETCD_PROXY"] ?? "on"
        guard let mode = Mode(rawValue: value) else {
            throw ProxyError(.configuration, "ETCD_PROXY is \"\(value)\"; this program serves on and readonly")
        }
        let discovery = try environment["ETCD_DISCOVERY"].flatMap { text throws(ProxyError) in
            text.isEmpty ? nil : try DiscoveryURL(text)
        }
        let cluster = environment["ETCD_INITIAL_CLUSTER"] ?? ""
        let listen = environment["ETCD_LISTEN_CLIENT_URLS"] ?? "http://localhost:2379,http://localhost:4001"
        self.init(
            mode: mode,
            listen: try Self.list(listen, of: "ETCD_LISTEN_CLIENT_URLS"),
            peers: cluster.isEmpty && discovery != nil ? [] : try Self.peers(cluster),
            discovery: cluster.isEmpty ? discovery : nil,
            cacheFile: environment["ETCD_DATA_DIR"].map { "\($0)/proxy/cluster" },
            refreshInterval: try Self.milliseconds("ETCD_PROXY_REFRESH_INTERVAL", environment, default: 30_000),
            dialTimeout: try Self.milliseconds("ETCD_PROXY_DIAL_TIMEOUT", environment, default: 1000),
            tls: try Self.tls(environment),
        )
    }

    /// Nil where none of the variables is set, and no member needs them.
    private static func tls(_ environment: [String: String]) throws(ProxyError) -> TLSFiles? {
        func file(_ name: String) -> TLSFiles.File { TLSFiles.File(name, environment[name]) }
        let files = TLSFiles(
            authority: file("ETCD_PEER_TRUSTED_CA_FILE"),
            certificate: file("ETCD_PEER_CERT_FILE"),
            key: file("ETCD_PEER_KEY_FILE"),
        )
        if files.paths.isEmpty {
            guard environment["ETCD_INITIAL_CLUSTER"]?.contains("https://") == true else { return nil }
            let missing = [files.authority, files.certificate, files.key].map(\.setting).joined(separator: ", ")
            throw ProxyError(.configuration, "ETCD_INITIAL_CLUSTER has members with https: \(missing) are missing")
        }
        do { try files.checkWhole() } catch { throw ProxyError(.configuration, error.message) }
        return files
    }

    /// `name=http://host:2380,name=…`
    private static func peers(_ text: String) throws(ProxyError) -> [Endpoint] {
        let urls = text.split(separator: ",").map { entry in
            String(entry.firstIndex(of: "=").map { entry[entry.index(after: $0)...] } ?? entry)
        }
        return try list(urls.joined(separator: ","), of: "ETCD_INITIAL_CLUSTER")
    }

    private static func list(_ text: String, of name: String) throws(ProxyError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for part in text.split(separator: ",") {
            let url = part.filter { !$0.isWhitespace }
            do {
                let endpoint = try Endpoint(url: url)
                if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
            } catch {
                throw ProxyError(.configuration, "\(name): \(error.message)")
            }
        }
        if endpoints.isEmpty { throw ProxyError(.configuration, "\(name) is empty: it must list at least one URL") }
        return endpoints
    }

    private static func milliseconds(
        _ name: String,
        _ environment: [String: String],
        default fallback: Int,
    ) throws(ProxyError) -> Duration {
        guard let text = environment[name] else { return .milliseconds(fallback) }
        guard let count = Int(text), count > 0 else {
            throw ProxyError(.configuration, "\(name) is \"\(text)\", not a number of milliseconds")
        }
        return .milliseconds(count)
    }
}
