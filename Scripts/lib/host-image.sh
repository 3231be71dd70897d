# Makes a host as users have them, as a disk that QEMU boots: Debian with systemd, pure cgroup v2, AppArmor and packaged
# libvirt. Sourced, not run; needs common.sh.
# shellcheck shell=bash

# What such a host has beside what Slipway asks for: a kernel, a login, and what `apt-get install libvirt-daemon-system`
# brings along.
# shellcheck disable=SC2154 # common.sh's
host_packages=(apparmor apparmor-utils ca-certificates dbus initramfs-tools iptables kmod libpam-systemd
    "$kernel_package" netbase openssh-server polkitd procps sudo systemd-container systemd-sysv udev)

# host_image SUITE DIRECTORY: DIRECTORY/disk (ext4), kernel, initrd and key; made once, another recipe makes another.
host_image() {
    local suite=$1 target=$2 recipe work=$2.work packages
    # shellcheck disable=SC2154 # run_packages is common.sh's
    packages=$(printf '%s\n' "${run_packages[@]}" "${host_packages[@]}" | sort -u | paste -sd,)
    recipe=$(declare -f host_image host_settings small_initrd | cat - <(echo "$suite $packages") | sha256sum)
    [ "$(cat "$target/recipe" 2>/dev/null)" != "$recipe" ] || return 0
    rm -rf "$target" "$work"
    mkdir -p "$work"
    # shellcheck disable=SC2016 # the hook's own
    { declare -f small_initrd && echo 'small_initrd "$1"'; } >"$work/hook"
    nice -n 5 mmdebstrap --quiet --variant=minbase --mode=root --include="$packages" --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --essential-hook="bash $work/hook \"\$1\"" \
        "$suite" "$work/root" || die "mmdebstrap could not make $suite"
    ssh-keygen -q -t ed25519 -N '' -C host-test -f "$work/key"
    host_settings "$work/root" "$work/key.pub"
    cp "$work"/root/boot/vmlinuz-* "$work/kernel"
    cp "$work"/root/boot/initrd.img-* "$work/initrd"
    truncate -s $(($(du -smx "$work/root" | cut -f1) + 3000))M "$work/disk"
    mkfs.ext4 -q -F -L host -d "$work/root" "$work/disk"
    rm -rf "$work/root" "$work/hook"
    echo "$recipe" >"$work/recipe"
    mv -T "$work" "$target"
}

# small_initrd ROOT: only what leads to the disk is packed into it, which QEMU would be seconds unpacking.
small_initrd() {
    mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"
    printf 'MODULES=list\nCOMPRESSLEVEL=1\n' >"$1/etc/initramfs-tools/conf.d/host"
    printf '%s\n' virtio_pci virtio_blk ext4 crc32c_generic >"$1/usr/share/initramfs-tools/modules.d/host.conf"
}

# host_settings ROOT KEY: a user `dev` with sudo, a static address on QEMU's own network, and Slipway's parts mounted.
host_settings() {
    local root=$1 key=$2
    chroot "$root" useradd --create-home --shell /bin/bash --groups sudo dev
    echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/dev"
    install -D -m 0600 "$key" "$root/home/dev/.ssh/authorized_keys"
    chroot "$root" chown -R dev:dev /home/dev
    echo host >"$root/etc/hostname"
    printf '127.0.0.1 localhost host\n' >"$root/etc/hosts"
    : >"$root/etc/machine-id"
    printf '%s\n' 'LABEL=host / ext4 defaults 0 1' 'LABEL=payload /srv ext4 defaults 0 2' >"$root/etc/fstab"
    mkdir -p "$root/srv"
    # An emulated host would be busy for a minute with the profiles of programs that it does not have.
    find "$root/etc/apparmor.d" -maxdepth 1 -type f ! -name '*libvirt*' -delete
    printf '[Match]\nName=eth0\nType=ether\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n' \
        >"$root/etc/systemd/network/uplink.network"
    chroot "$root" systemctl --quiet enable systemd-networkd.service ssh.service
    chroot "$root" systemctl --quiet mask systemd-networkd-wait-online.service systemd-binfmt.service apt-daily.timer \
        apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer man-db.timer dpkg-db-backup.timer
}
