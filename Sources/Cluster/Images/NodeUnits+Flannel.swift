extension NodeUnits {
    /// It takes as long as it takes: until etcd has a configuration, there is no network. Containers' packets go on while
    /// it is away, and it changes nothing that is right when it comes back. Its settings are those that coreos-cloudinit
    /// writes of `coreos.flannel`, and drop-ins.
    static let flanneld = """
        [Unit]
        Description=One network for the containers of all nodes
        StartLimitIntervalSec=0
        Wants=network.target
        After=network.target etcd2.service
        Before=docker.service flannel-docker-opts.service

        [Service]
        Type=notify
        TimeoutStartSec=0
        Environment=FLANNELD_IP_MASQ=true
        EnvironmentFile=-/run/flannel/options.env
        ExecStart=/usr/bin/flanneld $FLANNEL_OPTS
        ExecStartPost=/usr/lib/slipway/flannel-docker-opts
        Restart=always
        RestartSec=500ms
        LimitNOFILE=40000
        OOMScoreAdjust=-900

        [Install]
        WantedBy=multi-user.target

        """

    /// Docker's own unit has no word for what flannel says; where flannel says nothing, this changes nothing. Its program
    /// is in another directory in Docker's own packages than in Debian's, so that no directory is named.
    static let dockerWithFlannel = """
        [Unit]
        After=flanneld.service

        [Service]
        EnvironmentFile=-/run/flannel/flannel_docker_opts.env
        ExecStart=
        ExecStart=dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS $DOCKER_OPT_BIP $DOCKER_OPT_MTU $DOCKER_OPT_IPMASQ

        """
}
