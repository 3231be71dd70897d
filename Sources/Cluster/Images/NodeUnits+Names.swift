extension NodeUnits {
    /// dnsmasq, which answers for the cluster's names by the file that fleetd keeps, and asks the network's gateway for all
    /// others. The node asks it for as long as it runs, and the gateway else; so a root without it has no names of the
    /// cluster, and all others. Containers get the node's address as well, since Docker gives them the node's own
    /// `resolv.conf`; a second server in there would not do, as some resolvers take the first answer of any.
    static let clusterNames = """
        [Unit]
        Description=Names of the cluster's nodes and units
        ConditionFileIsExecutable=/usr/sbin/dnsmasq
        StartLimitIntervalSec=0
        Wants=network.target
        After=network.target
        Before=docker.service fleet.service

        [Service]
        Type=forking
        PIDFile=/run/cluster-names.pid
        StateDirectory=fleet/names
        ExecStart=/usr/sbin/dnsmasq --user=dnsmasq --pid-file=/run/cluster-names.pid --conf-file=/dev/null --no-hosts --no-resolv --bind-dynamic --listen-address=${NAMES_ADDRESS} --local=/${NAMES_DOMAIN}/ --hostsdir=/var/lib/fleet/names $NAMES_UPSTREAM
        ExecStartPost=/usr/lib/slipway/ask-names-of ${NAMES_ADDRESS}
        ExecStopPost=/usr/lib/slipway/ask-names-of ${NAMES_GATEWAY}
        Restart=always
        RestartSec=500ms
        OOMScoreAdjust=-900

        """
}
