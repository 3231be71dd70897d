import CloudConfig

extension NodeParts {
    mutating func addEtcd() {
        warn(config.coreos.etcd, "no image has etcd 0.4: use coreos.etcd2")
        guard !config.coreos.etcd2.environment.isEmpty else { return }
        var environment = supported(config.coreos.etcd2).environment
        if config.coreos.etcd2[.debug] == true {
            environment.append(EnvironmentVariable(name: "ETCD_LOG_LEVEL", value: "debug"))
        }
        // CoreOS's etcd 2 spoke nothing else.
        environment.append(EnvironmentVariable(name: "ETCD_ENABLE_V2", value: "true"))
        warnOfProxy()
        switch guest {
        case .debian:
            packages += ["etcd-server", "etcd-client"]
            addEnvironment(environment, to: guest.etcdUnit, lines: ["TimeoutStartSec=0"] + stateDirectory)
        case .flatcar:
            addEnvironment(asFlatcarMounts(environment), to: guest.etcdUnit)
            merge(CloudConfig.Unit(name: guest.etcdUnit, enable: true))
        case .fedora:
            let unit = CloudConfig.Unit(name: guest.etcdUnit, enable: true, content: podmanUnit(environment))
            let own = units.first { $0.name == guest.etcdUnit }?.content
            merge(CloudConfig.Unit(name: unit.name, enable: true, content: own ?? unit.content))
            addEnvironment(environment, to: guest.etcdUnit)
        }
    }

    /// Keys that etcd lost on its way from 2 to 3.4 or 3.5.
    private mutating func supported(_ settings: Settings<Etcd2Key>) -> Settings<Etcd2Key> {
        var settings = settings
        let gone: [Etcd2Key: String] = [
            .caFile: "etcd 3 has only trusted_ca_file and client_cert_auth",
            .peerCAFile: "etcd 3 has only peer_trusted_ca_file and peer_client_cert_auth",
            .logPackageLevels: "etcd 3 has one level for all; set coreos.etcd2.debug",
        ]
        for key in Etcd2Key.allCases {
            guard let value = settings[key], !value.isZero else { continue }
            if let message = gone[key] {
                warn("coreos.etcd2.\(key.rawValue)", message)
                settings[key] = nil
            }
        }
        settings[.debug] = nil
        return settings
    }

    private mutating func warnOfProxy() {
        guard ["on", "readonly"].contains(config.coreos.etcd2[.proxy]?.description) else { return }
        warn("coreos.etcd2.proxy", "etcd's own proxy passes on the v2 API, and of v3 no watches")
    }

    /// Debian's etcd runs as a user of its own, who cannot make directories.
    private var stateDirectory: [String] {
        guard let directory = config.coreos.etcd2[.dataDir]?.description, directory.hasPrefix("/var/lib/") else {
            return []
        }
        return ["StateDirectory=\(directory.dropFirst("/var/lib/".count))", "StateDirectoryMode=0700"]
    }

    /// Directories of etcd's certificates and keys.
    private var certificateDirectories: Set<String> {
        let keys: [Etcd2Key] = [.certFile, .keyFile, .trustedCAFile, .peerCertFile, .peerKeyFile, .peerTrustedCAFile]
        let paths = keys.compactMap { config.coreos.etcd2[$0]?.description }.filter { $0.hasPrefix("/") }
        return Set(paths.map { $0.split(separator: "/").dropLast().map { "/\($0)" }.joined() })
    }

    /// Flatcar's `etcd-wrapper` runs etcd in a container, which sees of the host's certificates those in `ETCD_SSL_DIR`
    /// alone, at /etc/ssl/certs.
    private mutating func asFlatcarMounts(_ environment: [EnvironmentVariable]) -> [EnvironmentVariable] {
        let mount = "/etc/ssl/certs"
        let directories = certificateDirectories.sorted()
        guard let directory = directories.first, directories != [mount] else { return environment }
        guard directories.count == 1 else {
            let found = directories.joined(separator: ", ")
            refuse("coreos.etcd2", "Flatcar's etcd sees one directory of certificates, and these are in \(found)")
            return environment
        }
        let mounted = environment.map { variable in
            guard variable.name.hasSuffix("_FILE"), variable.value.hasPrefix(directory + "/") else { return variable }
            return EnvironmentVariable(name: variable.name, value: mount + variable.value.dropFirst(directory.count))
        }
        return mounted + [EnvironmentVariable(name: "ETCD_SSL_DIR", value: directory)]
    }

    /// Fedora CoreOS brings no etcd, and has podman to run one. The variables come from the unit's own environment.
    private func podmanUnit(_ environment: [EnvironmentVariable]) -> String {
        let settings = config.coreos.etcd2
        let data = settings[.dataDir]?.description ?? "/var/lib/etcd"
        var directories = certificateDirectories
        if let path = settings[.walDir]?.description, path.hasPrefix("/") { directories.insert(path) }
        let volumes = ([data] + directories.sorted()).map { "--volume \($0):\($0):z" }
        let own = ["ETCD_NAME", "ETCD_DATA_DIR"]
        let names = (own + environment.map(\.name).filter { !own.contains($0) }).map { "--env \($0)" }
        let options = (volumes + names).map { "    \($0) \\\n" }.joined()
        let made = ([data] + directories.sorted()).joined(separator: " ")
        return """
            [Unit]
            Description=etcd in a container
            Wants=network-online.target
            After=network-online.target

            [Service]
            Environment=ETCD_NAME=%H
            Environment=ETCD_DATA_DIR=\(data)
            TimeoutStartSec=0
            ExecStartPre=/usr/bin/mkdir -p \(made)
            ExecStartPre=-/usr/bin/podman rm --force --ignore etcd-member
            ExecStart=/usr/bin/podman run --name etcd-member --rm --network host --log-driver passthrough \\
            \(options)    \(description.etcdImage) /usr/local/bin/etcd
            ExecStop=/usr/bin/podman stop --ignore etcd-member
            Restart=always
            RestartSec=1s

            [Install]
            WantedBy=multi-user.target

            """
    }

    mutating func addFleet() {
        let environment = config.coreos.fleet.environment
        guard !environment.isEmpty else { return }
        addEnvironment(environment, to: "fleet.service")
        warn("coreos.fleet", "\(guest.name) has no fleetd; its settings wait for it in fleet.service.d")
    }
}
