/// Configuration of fleetd: a file of `key = value` lines, and `FLEET_KEY` in the environment over it.
package struct FleetConfiguration: Sendable, Equatable {
    /// Client URLs of etcd, in the order in which they are tried.
    package var etcdServers = ["http://127.0.0.1:2379", "http://127.0.0.1:4001"]
    /// PEM files, for `https` servers: whom to trust, and how to show who we are. All three or none.
    package var etcdCAFile = ""
    /// Path of the certificate shown to etcd; empty for none.
    package var etcdCertFile = ""
    /// Path of its key; empty for none.
    package var etcdKeyFile = ""
    /// Prefix of fleet's keys.
    package var etcdKeyPrefix = "/_coreos.com/fleet/"
    /// Time that a request to etcd may take.
    package var etcdRequestTimeout = Duration.seconds(1)
    /// A machine that was silent for so long is gone, and its units run elsewhere.
    package var agentTTL = Duration.seconds(30)
    /// Empty: the address of the default route.
    package var publicIP = ""
    /// Metadata of the machine.
    package var metadata: [String: String] = [:]
    /// Directory of the unit files.
    package var unitsDirectory = "/run/fleet/units/"
    /// Domain of the names of the cluster's nodes and units; empty: they are not written.
    package var namesDomain = ""
    /// Hosts file with these names.
    package var namesFile = "/var/lib/fleet/names/hosts"
    /// Accepted for compatibility: the engine runs when something changes, not at intervals.
    package var engineReconcileInterval = Duration.seconds(2)
    /// True to leave scheduling to other machines.
    package var disableEngine = false
    /// Verbosity of the log, from 0.
    package var verbosity = 0
    /// Entries on a page of the API's lists.
    package var tokenLimit: UInt16 = 100
    /// Addresses of the API besides the sockets that systemd opened: `unix:///path` or `tcp://address:port`.
    package var apiListen: [String] = []
    /// PEM files for TCP: what clients see, and whose clients are served; all TCP sockets, those of systemd too.
    package var apiCertFile = ""
    /// Path of the key of the API's certificate; empty for none.
    package var apiKeyFile = ""
    /// Path of the authority of clients' certificates; empty for none.
    package var apiCAFile = ""
    /// Users of this machine who may change anything, by name or number, beside root; empty: all who can connect.
    package var apiWriters: [String] = []

    /// Lines that were taken without effect, and why.
    package private(set) var ignoredSettings: [String] = []

    package init() {}

    /// - Parameters:
    ///   - text: of the file.
    ///   - environment: names in upper case with `FLEET_` before them.
    /// - Throws: `configuration`, with the line or variable that is wrong. A key that is not known is none: a file may
    ///   be older or newer than this program.
    package init(text: String, environment: [String: String] = [:]) throws(FleetError) {
        for setting in try ConfigurationFile.settings(text) {
            try set(setting.key, setting.value, setting.place)
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("FLEET_") {
            try set(name.dropFirst("FLEET_".count).lowercased(), value, "$\(name)")
        }
    }

    /// Keys of the original that mean nothing here are taken without effect.
    static let ignored: Set<String> = [
        "etcd_username", "etcd_password", "systemd_user", "enable_grpc", "disable_watches",
        "authorized_keys_file", "verify_units",
    ]

    private mutating func set(_ key: String, _ text: String, _ place: String) throws(FleetError) {
        let value = ConfigurationValue(text: text, key: key, place: place)
        switch key {
        case "etcd_servers": etcdServers = value.list
        case "etcd_cafile": etcdCAFile = value.plain
        case "etcd_certfile": etcdCertFile = value.plain
        case "etcd_keyfile": etcdKeyFile = value.plain
        case "etcd_key_prefix": etcdKeyPrefix = value.plain
        case "etcd_request_timeout": etcdRequestTimeout = try value.duration()
        case "agent_ttl": agentTTL = try value.duration()
        case "public_ip": publicIP = value.plain
        case "metadata": metadata = try value.pairs()
        case "units_directory": unitsDirectory = value.plain
        case "names_domain": namesDomain = value.plain
        case "names_file": namesFile = value.plain
        case "engine_reconcile_interval": engineReconcileInterval = try value.duration()
        case "disable_engine": disableEngine = try value.flag()
        case "verbosity": verbosity = try value.number(in: 0...10)
        case "api_listen": apiListen = value.list
        case "api_certfile": apiCertFile = value.plain
        case "api_keyfile": apiKeyFile = value.plain
        case "api_cafile": apiCAFile = value.plain
        case "api_writers": apiWriters = value.list
        case "token_limit": tokenLimit = UInt16(try value.number(in: 1...65535))
        default:
            // In the environment other programs' variables may have the prefix, as FLEET_ENDPOINT does.
            guard !Self.ignored.contains(key), !place.hasPrefix("$") else { return }
            ignoredSettings.append("\(place): there is no setting called \(key)")
        }
    }
}
