import CloudConfig
import TopologyModel

/// Configuration for Canonical's cloud-init on a node whose image has none of Slipway's programs: host name, ssh keys,
/// address, and the installation of the node programs from a disk of their own. Everything else is in the node's
/// cloud-config, as for every node.
struct NoCloudVolume {
    /// Changes with the script, so that nodes which have an older one are given the new.
    static let version = "nocloud 4"

    let node: PlacedNode
    let cluster: String
    /// The node's own cloud-config.
    let config: CloudConfig
    /// The text of its `.network` unit.
    let network: String
    /// The digest of the node programs.
    let layer: String

    private static let installer = "/usr/local/sbin/slipway-install"
    private static let keys = "/etc/ssh/ssh_host_"

    var cloudConfig: CloudConfig {
        let hostKeys = config.writeFiles.filter { $0.path.hasPrefix(Self.keys) }
        let install = CloudConfig.File(path: Self.installer, content: script, permissions: "0755")
        return CloudConfig(
            hostname: node.name,
            sshAuthorizedKeys: config.sshAuthorizedKeys,
            writeFiles: hostKeys + [install],
            coreos: CoreOS(
                units: [
                    CloudConfig.Unit(name: "10-cluster.network", content: network),
                    CloudConfig.Unit(name: "media-configdrive.mount", enable: true, content: Self.mount),
                    CloudConfig.Unit(
                        name: "slipway-install.service",
                        enable: true,
                        content: Self.service,
                        command: .start,
                    ),
                ]
            ),
        )
    }

    /// The volume again, where CoreOS's nodes have their config drive.
    private static let mount = """
        [Unit]
        Description=Config drive of this node

        [Mount]
        What=/dev/disk/by-label/cidata
        Where=/media/configdrive
        Type=iso9660
        Options=ro,mode=0400,dmode=0500

        [Install]
        WantedBy=local-fs.target

        """

    private static let service = """
        [Unit]
        Description=Slipway's programs on this node
        RequiresMountsFor=/media/configdrive
        Before=coreos-cloudinit.service
        StartLimitIntervalSec=0

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=\(installer)
        TimeoutStartSec=600
        # A mirror that does not answer, or another package manager at work, may pass.
        Restart=on-failure
        RestartSec=5

        [Install]
        WantedBy=multi-user.target

        """

    /// Safe at every boot: what is there is left, but for the programs, which are those of the disk.
    private var script: String {
        """
        #!/bin/sh
        # Installs the node programs from their disk, and has coreos-cloudinit apply the node's cloud-config.
        set -eu
        id=\(Identity.machineID(cluster: cluster, node: node.name))
        if [ "$(cat /etc/machine-id)" != "$id" ]; then
            # fleet knows machines by it, and the plan knows this one.
            echo "$id" >/etc/machine-id
            systemctl restart systemd-journald.service
        fi
        getent group fleet >/dev/null || groupadd --system fleet
        getent passwd etcd >/dev/null || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin etcd
        for group in sudo docker fleet systemd-journal; do
            ! getent group $group >/dev/null || usermod --append --groups $group core
        done
        stamp=\(ConfigMedium.installedLayer)
        if [ "$(cat $stamp 2>/dev/null)" != \(layer) ]; then
            layer=/run/slipway-layer
            mkdir -p $layer
            mountpoint -q $layer || mount -o ro /dev/disk/by-id/virtio-layer $layer
            cp -a --remove-destination $layer/usr/. /usr/
            umount $layer
            echo \(layer) >$stamp
        fi
        \(packages)
        if command -v dpkg-divert >/dev/null && [ -x /usr/bin/etcdctl ] && [ ! -L /usr/bin/etcdctl ]; then
            dpkg-divert --quiet --local --rename --divert /usr/lib/slipway/etcdctl.distrib --add /usr/bin/etcdctl
            ln -s /usr/lib/slipway/etcdctl /usr/bin/etcdctl
        fi
        systemctl daemon-reload
        systemctl start --no-block coreos-cloudinit.service

        """
    }

    /// A member needs etcd, which many an image lacks; Docker may come later.
    private var packages: String {
        let etcd = """
            if ! command -v etcd >/dev/null || ! command -v etcdctl >/dev/null; then
                wait='-o DPkg::Lock::Timeout=300'
                apt-get -q $wait update
                DEBIAN_FRONTEND=noninteractive \\
                    apt-get -q $wait install -y --no-install-recommends etcd-server etcd-client
            fi
            # An image may bring etcd without a unit for it.
            ! systemctl cat etcd.service >/dev/null 2>&1 || systemctl disable --now etcd.service

            """
        return node.isMember ? etcd : ""
    }
}
