/// The units and small files that the project adds to a node, as CoreOS's users know them.
enum NodeUnits {
    /// Applies the node's cloud-config. It tells systemd that it is ready once files, users and units are written, so
    /// that the network and sshd start with their configuration in place; the units it then starts may take their time.
    /// Its keys have a name of their own: those of a config that somebody applies by hand come beside them.
    static let cloudInit = """
        [Unit]
        Description=Cloud-config of this node
        ConditionPathExists=/media/configdrive/openstack/latest/user_data
        Wants=network-pre.target
        After=dbus.socket
        Before=network-pre.target systemd-networkd.service ssh.service

        [Service]
        Type=notify
        NotifyAccess=all
        RemainAfterExit=yes
        TimeoutStartSec=600
        ExecStartPre=-/usr/lib/slipway/prepare-node
        ExecStart=/usr/bin/coreos-cloudinit -from-configdrive=/media/configdrive -ssh-key-name=slipway

        """

    /// Its environment comes from the drop-in that coreos-cloudinit writes to
    /// `/run/systemd/system/etcd2.service.d/20-cloudinit.conf`. It is tried for as long as it takes: what keeps it from
    /// starting may pass.
    static let etcd2 = """
        [Unit]
        Description=etcd: member or proxy, as the cloud-config says
        StartLimitIntervalSec=0
        Documentation=https://etcd.io/docs/v3.4/
        Wants=network.target
        After=network.target

        [Service]
        Type=notify
        TimeoutStartSec=0
        User=etcd
        Environment=ETCD_DATA_DIR=/var/lib/etcd2
        Environment=ETCD_NAME=%m
        StateDirectory=etcd2
        StateDirectoryMode=0700
        ExecStart=/usr/lib/slipway/etcd2
        Restart=always
        RestartSec=500ms
        LimitNOFILE=40000
        CPUWeight=1000
        IOWeight=1000
        OOMScoreAdjust=-900

        [Install]
        WantedBy=multi-user.target

        """

    /// A proxy of etcd's own streams no v3 watches, so a node that is to be a proxy runs the project's.
    static let etcd2Launcher = """
        #!/bin/sh
        case ${ETCD_PROXY:-off} in
        on | readonly) exec /usr/lib/slipway/slipway-etcd-proxy ;;
        esac
        export ETCD_ENABLE_V2="${ETCD_ENABLE_V2:-true}"
        # etcd listens for clients only where it also says where they come in, which the cloud-configs that CoreOS
        # printed left out: they come in where the peers do.
        if [ -n "$ETCD_LISTEN_CLIENT_URLS" ] && [ -z "$ETCD_ADVERTISE_CLIENT_URLS" ]; then
            peer=${ETCD_INITIAL_ADVERTISE_PEER_URLS%%,*}
            [ -z "$peer" ] || export ETCD_ADVERTISE_CLIENT_URLS="${peer%:*}:2379"
        fi
        exec /usr/bin/etcd

        """

    /// Stopping fleetd stops no unit: `KillMode=process`, and fleetd leaves what it started alone. However often it
    /// dies, it is started again: a machine whose fleetd stays away for its TTL loses its units to others. Its socket
    /// ends with it when it is stopped, or a client would start it again, but stays when it is restarted or dies: who
    /// connects meanwhile is answered by the next fleetd. systemd has no word for that which means the same in all its
    /// versions (`PropagatesStopTo=` is about restarts, too, from 253 on), but knows which job it is at. A fleetd that
    /// was asked to leave the cluster (SIGUSR2) ends with status 69, and stays away, with its socket, until it is
    /// started.
    static let fleet = """
        [Unit]
        Description=fleet: runs the cluster's units
        StartLimitIntervalSec=0
        Wants=fleet.socket
        After=etcd2.service fleet.socket

        [Service]
        ExecStart=/usr/bin/fleetd
        ExecStop=-/bin/sh -c '[ "$$EXIT_STATUS" = 69 ] || systemctl list-jobs fleet.service | grep -qw stop && systemctl stop --no-block fleet.socket'
        Restart=always
        RestartPreventExitStatus=69
        SuccessExitStatus=69
        RestartSec=500ms
        KillMode=process
        LimitNOFILE=40000
        CPUWeight=1000
        IOWeight=1000
        OOMScoreAdjust=-900

        [Install]
        WantedBy=multi-user.target

        """

    static let fleetSocket = """
        [Unit]
        Description=fleet's API

        [Socket]
        ListenStream=/run/fleet.sock
        SocketMode=0660
        SocketGroup=fleet

        [Install]
        WantedBy=sockets.target

        """

    /// Started by coreos-cloudinit on a node whose `coreos.update.reboot_strategy` is something else than `off`. Its
    /// settings come from there: `update.conf`, and the drop-in with `coreos.locksmith`.
    static let locksmithd = """
        [Unit]
        Description=Reboots this machine when it has to be, one machine of the cluster after the other
        StartLimitIntervalSec=0

        [Service]
        Type=notify
        EnvironmentFile=-/usr/share/coreos/update.conf
        EnvironmentFile=-/etc/coreos/update.conf
        ExecStart=/usr/lib/locksmith/locksmithd
        Restart=on-failure
        RestartSec=10s

        [Install]
        WantedBy=multi-user.target

        """

    /// Started where the node's image is on trial. It is no part of update-engine.service, which said on CoreOS that a
    /// system is good: many cloud-configs stop or mask that one.
    static let bootCheck = """
        [Unit]
        Description=Says whether this node is well with its image
        StartLimitIntervalSec=0
        ConditionPathExists=/boot/slipway/trial

        [Service]
        ExecStart=/usr/lib/slipway/boot-check
        Restart=on-failure
        RestartSec=1s

        """

    /// A connection that `sshd.socket` took. CoreOS's users moved sshd to another port by writing that socket, with
    /// `Accept=yes`; Debian has the service beside it under another name. sshd itself goes on where it listens.
    static let sshdOfSocket = """
        [Unit]
        Description=sshd for one connection of sshd.socket

        [Service]
        ExecStart=-/usr/sbin/sshd -i
        StandardInput=socket
        StandardError=journal
        RuntimeDirectory=sshd
        RuntimeDirectoryPreserve=yes

        """

    /// Units of CoreOS that nodes do without. Those of users start, stop, require and are ordered after them, so they
    /// are there and do nothing. etcd of version 1 is among them: Debian's unit of that name would take etcd2's ports.
    static let standIns: [String: String] = {
        var units: [String: String] = [:]
        for name in ["early-docker.service", "etcd.service", "flannel-docker-opts.service", "update-engine.service"] {
            units[name] = standIn(for: name)
        }
        for name in ["early-docker.target", "system-config.target", "user-config.target"] {
            units[name] = "[Unit]\nDescription=Stand-in for CoreOS's \(name)\n"
        }
        return units
    }()

    /// A service that does nothing, and is active once it was started.
    static func standIn(for name: String) -> String {
        """
        [Unit]
        Description=Stand-in for CoreOS's \(name)
        After=etcd2.service

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=/bin/true

        """
    }

    /// For units of Debian's that only a machine needs: container nodes start together, so each program counts.
    static let notInContainers = """
        [Unit]
        ConditionVirtualization=!container

        """

    /// sshd reads its configuration once, as it starts, and not once more before that: it ends with the same words and
    /// the same status where there is a fault in it.
    static let sshdChecksItself = """
        [Service]
        ExecStartPre=

        """

    /// In place of systemd's generator in a container. systemd runs its generators at each boot and whenever it reads
    /// its units, and this one is worth its start only where somebody wrote a table. The shell is Debian's small one.
    static let fstabGenerator = """
        #!/bin/dash
        [ ! -e /etc/fstab ] || exec /lib/systemd/system-generators/systemd-fstab-generator "$@"

        """
}
