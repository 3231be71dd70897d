#!/bin/sh
# What is changed in a fresh Debian root, $1, to make it a node's. It runs on the host; programs of the root are run in
# it, since the host may be another distribution.
# Up to the first empty line these are notes for the reader: the script is what follows, and its bytes are part of the
# image's digest.

set -eu
root=$1

# Users: core as CoreOS had it; fleet's socket belongs to the group fleet.
chroot "$root" groupadd --gid 500 core
chroot "$root" groupadd --system fleet
chroot "$root" useradd --uid 500 --gid 500 --groups sudo,docker,fleet,systemd-journal --shell /bin/bash --create-home core
chroot "$root" usermod --password '*' core
printf 'core ALL=(ALL) NOPASSWD: ALL\n%%sudo ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/slipway"
chmod 0440 "$root/etc/sudoers.d/slipway"

# Identity comes from the node's cloud-config, never from the image.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/fstab" "$root/etc/resolv.conf"
: >"$root/etc/machine-id"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
: >"$root/etc/resolv.conf"
printf 'LANG=C.UTF-8\nETCDCTL_API=3\n' >"$root/etc/environment"
: >"$root/etc/default/locale"
{
    echo 'HostKey /etc/ssh/ssh_host_ed25519_key'
    echo 'PasswordAuthentication no'
    echo 'UseDNS no'
    echo 'PrintMotd no'
    echo 'MaxSessions 100'
    echo 'MaxStartups 100:30:200'
} >"$root/etc/ssh/sshd_config.d/slipway.conf"

# Units that were written on CoreOS take sh for bash, which it was there.
ln -sf bash "$root/usr/bin/sh"

# No motd to compute at each login, and no session to register: logind starts when poweroff asks for it.
sed -i '/pam_motd/d; /pam_mail/d' "$root/etc/pam.d/sshd"
rm -rf "$root/etc/update-motd.d"
rm "$root/lib/systemd/system/multi-user.target.wants/systemd-logind.service"

# What runs is said by cloud-config; docker starts when its socket is used.
chroot "$root" systemctl --quiet disable etcd.service docker.service containerd.service remote-fs.target \
    e2scrub_reap.service systemd-pstore.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer
rm -f "$root/etc/systemd/system/etcd2.service"
chroot "$root" systemctl --quiet enable systemd-networkd.service
chroot "$root" systemctl --quiet mask console-getty.service getty-static.service \
    systemd-networkd-wait-online.service systemd-network-generator.service systemd-user-sessions.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
rm -f "$root/etc/default/etcd"

# Five nodes start on two cores, so what a node does not need is not run: no login ban while booting, no
# generators but those for the file systems and consoles of VMs, no first-boot updates of what is up to date.
ln -s /dev/null "$root/etc/tmpfiles.d/systemd-nologin.conf"
mkdir -p "$root/etc/systemd/system-generators"
for generator in "$root"/lib/systemd/system-generators/*; do
    case ${generator##*/} in
    systemd-fstab-generator | systemd-getty-generator) ;;
    *) ln -s /dev/null "$root/etc/systemd/system-generators/${generator##*/}" ;;
    esac
done

mkdir -p "$root/etc/systemd/journald.conf.d" "$root/var/log/journal"
printf '[Journal]\nSystemMaxUse=64M\nRateLimitIntervalSec=0\nAudit=no\n' \
    >"$root/etc/systemd/journald.conf.d/slipway.conf"
chroot "$root" install -d -o etcd -g etcd -m 0700 /var/lib/etcd2

# Where libvirt mounts the parts of a container node; the root itself is mounted read-only.
mkdir -p "$root/.slipway/layer" "$root/.slipway/node" "$root/.slipway/root" "$root/media/configdrive"
mkdir -p "$root/var/lib/docker"
touch "$root/etc/.updated" "$root/var/.updated"
rm -rf "$root"/var/log/*.log "$root/var/log/apt" "$root/var/cache/ldconfig" "$root/usr/share/lintian"
