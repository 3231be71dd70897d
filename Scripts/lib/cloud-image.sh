# Makes a plain Debian cloud image, for the test of images from elsewhere. Sourced, not run.
# shellcheck shell=bash

# What a cloud image has, and nothing of Slipway's: a kernel, a boot loader, cloud-init, sshd.
cloud_image_packages=(cloud-guest-utils cloud-init dbus e2fsprogs grub-pc-bin grub-common iproute2 kmod
    linux-image-cloud-amd64 netbase openssh-server procps sudo systemd-sysv udev)

# cloud_image FILE: a qcow2, packed by zstd, with one partition that a BIOS boots. Made once; another recipe makes
# another.
cloud_image() {
    local target=$1 recipe work root
    recipe=$(declare -f cloud_image cloud_image_boot | cat - <(echo "${cloud_image_packages[*]}") | sha256sum)
    [ "$(cat "$target.recipe" 2>/dev/null)" != "$recipe" ] || return 0
    work=$target.work root=$target.work/root
    rm -rf "$work" "$target" "$target.recipe"
    mkdir -p "$work"
    mmdebstrap --quiet --variant=minbase --mode=root --include="$(
        IFS=,
        echo "${cloud_image_packages[*]}"
    )" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$root" || die "mmdebstrap could not make a cloud image"
    printf 'datasource_list: [NoCloud, None]\nlocale: false\n' >"$root/etc/cloud/cloud.cfg.d/90_image.cfg"
    chroot "$root" systemctl --quiet enable systemd-networkd.service
    rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname"
    : >"$root/etc/machine-id"
    printf 'LABEL=cloudimg-root / ext4 defaults 0 1\n' >"$root/etc/fstab"
    cloud_image_boot "$root" "$work/disk.raw"
    qemu-img convert -O qcow2 "$work/disk.raw" "$work/disk.qcow2"
    zstd -q -T0 -1 "$work/disk.qcow2" -o "$target"
    rm -rf "$work"
    echo "$recipe" >"$target.recipe"
}

# cloud_image_boot ROOT FILE: a disk that holds the root in its one partition, with GRUB before it.
cloud_image_boot() {
    local root=$1 disk=$2 version modules size
    version=$(ls "$root/lib/modules")
    mkdir -p "$root/boot/grub"
    printf '%s\n' 'serial --unit=0 --speed=115200' 'terminal_output serial' 'set timeout=0' 'menuentry Debian {' \
        "    linux /boot/vmlinuz-$version root=LABEL=cloudimg-root ro console=ttyS0" \
        "    initrd /boot/initrd.img-$version" '}' >"$root/boot/grub/grub.cfg"
    modules=(biosdisk part_msdos ext2 normal configfile linux serial terminal echo)
    chroot "$root" grub-mkimage -O i386-pc -p '(hd0,msdos1)/boot/grub' -o /boot/grub/core.img "${modules[@]}"
    size=$(($(du -smx "$root" | cut -f1) * 9 / 8 + 128))
    rm -f "$disk"
    truncate -s $((size + 1))M "$disk"
    # GRUB's first sector looks for the rest of it in those that follow; then the table of partitions: one, bootable,
    # of Linux, from 1 MiB to the end.
    dd if="$root/usr/lib/grub/i386-pc/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
    dd if="$root/boot/grub/core.img" of="$disk" bs=512 seek=1 conv=notrunc status=none
    printf '80feffff83feffff%s%s' "$(little_endian 2048)" "$(little_endian $((size * 2048)))" | unhex |
        dd of="$disk" bs=1 seek=446 conv=notrunc status=none
    printf '55aa' | unhex | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
    mkfs.ext4 -q -F -L cloudimg-root -E offset=$((2048 * 512)) -d "$root" "$disk" ${size}M
}

little_endian() { printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }

unhex() {
    local text
    read -r -d '' text || true
    # shellcheck disable=SC2001,SC2059 # the format is made here, and ${//} has no name for what it found
    printf "$(sed 's/../\\x&/g' <<<"$text")"
}
