extension HelpTopic {
    /// The options of fleetctl and the settings of fleetd.
    static let settings = HelpTopic(
        name: "settings",
        summary: "fleetctl's environment, fleetd's file",
        text: """
            SETTINGS

            FLEETCTL
              Every global option may be set in the environment, as FLEETCTL_ and its name in capitals with _ for -:
              --ssh-username as FLEETCTL_SSH_USERNAME. The command line goes over it. An empty variable counts as not
              set; FLEETCTL_DEBUG and FLEETCTL_STRICT_HOST_KEY_CHECKING are true or false.

                FLEETCTL_ENDPOINT=https://10.0.0.2:49153
                FLEETCTL_CA_FILE=ca.pem  FLEETCTL_CERT_FILE=client.pem  FLEETCTL_KEY_FILE=client-key.pem

            FLEETD
              It reads /etc/fleet/fleet.conf (fleetd -config FILE), lines of KEY=VALUE; FLEET_KEY in the environment
              goes over it. SIGHUP reads it again, for metadata and address.

                etcd_servers                http://127.0.0.1:2379,http://127.0.0.1:4001
                etcd_cafile, etcd_certfile, etcd_keyfile
                                            PEM files for https; all or none
                etcd_key_prefix             /_coreos.com/fleet/
                etcd_request_timeout        1.0 (seconds)
                agent_ttl                   30s; a machine that was silent for so long is gone
                public_ip                   the address of the default route
                metadata                    KEY=VALUE,KEY=VALUE
                units_directory             /run/fleet/units/
                names_domain                none; with one, the addresses of the cluster's nodes and units are kept, under
                                            names below it, in the hosts file names_file
                                            (/var/lib/fleet/names/hosts), for a name server
                disable_engine              false; true: this machine never places units
                token_limit                 100; elements of a page of the API
                verbosity                   0; 1 and 2 say more in the log
                api_listen                  sockets for the API besides systemd's: unix:///PATH, tcp://ADDRESS:PORT
                api_certfile, api_keyfile   PEM files: the API's TCP sockets, systemd's too, speak TLS
                api_cafile                  PEM file: and serve only clients with a certificate of this authority
                api_writers                 users, by name or number, who may change anything, beside root

              Of the original's, these are taken without effect: enable_grpc, disable_watches, systemd_user,
              etcd_username, etcd_password, engine_reconcile_interval, authorized_keys_file, verify_units.
            """,
    )
}
