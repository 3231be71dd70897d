import ArgumentParser

/// The options every command takes, before or after its name.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where fleet's API is: unix:///path or http://host:port. (env: FLEETCTL_ENDPOINT; default: "
                + "unix:///var/run/fleet.sock)",
            valueName: "url",
        )
    )
    var endpoint: String?

    @Option(
        help: ArgumentHelp(
            "Reach fleet, and its machines, through this host by ssh. (env: FLEETCTL_TUNNEL)",
            valueName: "host[:port]",
        )
    )
    var tunnel: String?

    @Option(
        help: ArgumentHelp(
            "Seconds in which the API answers a request, tried again while its etcd does not. (default: 3)",
            valueName: "seconds"
        )
    )
    var requestTimeout: Double?

    @Option(help: ArgumentHelp("The user to ssh as. (default: core)", valueName: "user"))
    var sshUsername: String?

    @Option(help: ArgumentHelp("Seconds until ssh must be connected. (default: 10)", valueName: "seconds"))
    var sshTimeout: Double?

    @Option(
        help: ArgumentHelp(
            "Configuration for ssh, as for ssh -F; it then decides about users and host keys. "
                + "(env: FLEETCTL_SSH_CONFIG)",
            valueName: "file",
        )
    )
    var sshConfig: String?

    @Flag(inversion: .prefixedNo, help: "Whether ssh refuses machines whose key has changed. (default: true)")
    var strictHostKeyChecking: Bool?

    @Option(help: ArgumentHelp("Where ssh keeps host keys. (default: ssh's own place)", valueName: "file"))
    var knownHostsFile: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the authorities trusted for https. (env: FLEETCTL_CA_FILE)",
            valueName: "file"
        )
    )
    var caFile: String?

    @Option(help: ArgumentHelp("PEM file with the certificate to show. (env: FLEETCTL_CERT_FILE)", valueName: "file"))
    var certFile: String?

    @Option(help: ArgumentHelp("PEM file with that certificate's key. (env: FLEETCTL_KEY_FILE)", valueName: "file"))
    var keyFile: String?

    // The original's old names.
    @Option(name: .customLong("etcd-cafile"), help: .hidden) var oldCAFile: String?
    @Option(name: .customLong("etcd-certfile"), help: .hidden) var oldCertFile: String?
    @Option(name: .customLong("etcd-keyfile"), help: .hidden) var oldKeyFile: String?
    @Flag(help: .hidden) var experimentalAPI = false

    @Option(
        help: ArgumentHelp(
            "api: through a fleetd. etcd: without one; --endpoint is then etcd's, several with commas between. "
                + "(env: FLEETCTL_DRIVER; default: api)",
            valueName: "api|etcd",
        )
    )
    var driver: String?

    @Option(
        help: ArgumentHelp(
            "Where fleet's state is in etcd, for --driver etcd. (default: /_coreos.com/fleet/)",
            valueName: "key"
        )
    )
    var etcdKeyPrefix: String?

    @Flag(help: "Say on standard error which requests are sent.")
    var debug = false
}
