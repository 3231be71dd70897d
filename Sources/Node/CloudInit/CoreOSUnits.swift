/// Units that every CoreOS machine had. Configs name them without bringing them; what is asked of one that a machine
/// does without is done.
enum CoreOSUnits {
    static let names: Set<String> = [
        "coreos-metadata.service", "coreos-metadata-sshkeys@core.service", "coreos-setup-environment.service",
        "early-docker.service", "early-docker.socket", "early-docker.target", "etcd.service", "flanneld.service",
        "flannel-docker-opts.service", "locksmithd.service", "ntpd.service", "ntpdate.service",
        "oem-cloudinit.service", "rkt-api.service", "rkt-gc.timer", "sshd.socket", "sshd-keygen.service",
        "system-config.target", "systemd-journal-gatewayd.service", "systemd-journal-gatewayd.socket",
        "systemd-networkd-wait-online.service", "systemd-resolved.service", "systemd-timesyncd.service",
        "update-engine.service", "update-engine-reboot-manager.service", "update-engine-stub.service",
        "update-engine-stub.timer", "user-cloudinit-proc-cmdline.service", "user-config.target",
        "user-configdrive.path", "user-configdrive.service", "user-configvirtfs.service",
    ]
}
