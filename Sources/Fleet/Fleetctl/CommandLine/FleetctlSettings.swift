import TransportSecurity

/// Settings of a run: each option from the command line, else from `FLEETCTL_…` in the environment, else a default.
package struct FleetctlSettings: Sendable, Hashable {
    /// Server to speak to.
    package var endpoint: FleetEndpoint
    /// Set to go to etcd in place of the API.
    package var etcd: EtcdAccess?
    /// Host to reach it through; nil for none.
    package var tunnel: String?
    /// Seconds.
    package var requestTimeout = 3.0
    /// Settings of ssh.
    package var ssh = SSHSettings()
    /// True to print requests.
    package var isDebugging = false
    /// Endpoints that were given beside the one that is used.
    package var unusedEndpoints: [String] = []
    /// PEM files for https.
    package var tls = TLSFiles(
        authority: .init("--ca-file", nil),
        certificate: .init("--cert-file", nil),
        key: .init("--key-file", nil),
    )

    package init(endpoint: FleetEndpoint) {
        self.endpoint = endpoint
    }
}

extension FleetctlSettings {
    init(_ options: GlobalOptions, environment: [String: String]) throws {
        let variables = Environment(values: environment)
        let given = options.endpoint ?? variables["ENDPOINT"]
        if try FleetctlSettings.isEtcd(options.driver ?? variables["DRIVER"]) {
            try self.init(endpoint: FleetEndpoint(FleetEndpoint.standard))
            etcd = try EtcdAccess(
                endpoints: given,
                prefix: options.etcdKeyPrefix ?? variables["ETCD_KEY_PREFIX"] ?? EtcdAccess.standardPrefix,
            )
        } else {
            let all = (given ?? FleetEndpoint.standard).split(separator: ",").map(String.init)
            try self.init(endpoint: FleetEndpoint(all.first ?? ""))
            unusedEndpoints = Array(all.dropFirst())
        }
        tunnel = options.tunnel ?? variables["TUNNEL"]
        guard etcd == nil || tunnel == nil else {
            throw FleetctlError(.usage, "--driver etcd does not go through --tunnel, which leads to fleet's API")
        }
        requestTimeout = try options.requestTimeout ?? variables.number("REQUEST_TIMEOUT") ?? requestTimeout
        ssh.username = options.sshUsername ?? variables["SSH_USERNAME"]
        ssh.timeout = try options.sshTimeout ?? variables.number("SSH_TIMEOUT") ?? ssh.timeout
        ssh.config = options.sshConfig ?? variables["SSH_CONFIG"]
        ssh.knownHosts = options.knownHostsFile ?? variables["KNOWN_HOSTS_FILE"]
        ssh.isStrict = try options.strictHostKeyChecking ?? variables.truth("STRICT_HOST_KEY_CHECKING") ?? true
        ssh.tunnel = tunnel
        tls.authority.path = options.caFile ?? options.oldCAFile ?? variables["CA_FILE"] ?? variables["ETCD_CAFILE"]
        tls.certificate.path =
            options.certFile ?? options.oldCertFile ?? variables["CERT_FILE"] ?? variables["ETCD_CERTFILE"]
        tls.key.path = options.keyFile ?? options.oldKeyFile ?? variables["KEY_FILE"] ?? variables["ETCD_KEYFILE"]
        isDebugging = try options.debug || variables.truth("DEBUG") ?? false
    }

    private static func isEtcd(_ driver: String?) throws -> Bool {
        switch driver?.lowercased() {
        case nil, "api": return false
        case "etcd": return true
        case let other?: throw FleetctlError(.usage, "there is no driver \"\(other)\": it is api or etcd")
        }
    }
}

/// The variables of fleetctl.
private struct Environment {
    let values: [String: String]

    /// The variable `FLEETCTL_name`; one that is empty counts as not set.
    subscript(name: String) -> String? {
        values["FLEETCTL_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func number(_ name: String) throws -> Double? {
        guard let text = self[name] else { return nil }
        guard let number = Double(text), number > 0 else {
            throw FleetctlError(.usage, "FLEETCTL_\(name)=\(text) is not a number of seconds")
        }
        return number
    }

    func truth(_ name: String) throws -> Bool? {
        guard let text = self[name] else { return nil }
        guard let truth = ArgumentNormalizer.truth(text) else {
            throw FleetctlError(.usage, "FLEETCTL_\(name)=\(text) is neither true nor false")
        }
        return truth
    }
}
