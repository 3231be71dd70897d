#!/bin/sh
# Continues root.sh for a virtual machine's root: $root is set. What it uses of the host is the shell. @init@ is
# init.sh, @console@ the serial port.
# shellcheck disable=SC2154,SC2016,SC2034,SC2115

# Machines: a power button, a console for whoever holds the host, a file system as large as the disk.
ln -s /lib/systemd/system/systemd-logind.service "$root/etc/systemd/system/multi-user.target.wants/"
chroot "$root" systemctl --quiet mask getty@tty1.service systemd-random-seed.service kmod-static-nodes.service
mkdir -p "$root/etc/systemd/system/serial-getty@@console@.service.d"
{
    echo '[Service]'
    echo 'ExecStart='
    echo 'ExecStart=-/sbin/agetty --autologin core --noclear --keep-baud 115200,57600,38400,9600 %I $TERM'
} >"$root/etc/systemd/system/serial-getty@@console@.service.d/slipway.conf"
{
    echo '[Unit]'
    echo 'Description=Root file system as large as its disk'
    echo '[Service]'
    echo 'Type=oneshot'
    echo 'Nice=10'
    echo 'ExecStart=/lib/systemd/systemd-growfs /'
    echo '[Install]'
    echo 'WantedBy=multi-user.target'
} >"$root/etc/systemd/system/grow-root.service"
chroot "$root" systemctl --quiet enable grow-root.service

# The initrd: busybox, the modules of the disks, and a script.
version=$(ls "$root/lib/modules")
work=$root/.slipway/initrd
mkdir -p "$work/bin" "$work/dev" "$work/proc" "$work/sys" "$work/root" "$work/modules" "$root/.slipway/boot"
chroot "$root" ldd /bin/busybox | while read -r first second third _; do
    case $first:$third in /*:*) library=$first ;; *:/*) library=$third ;; *) continue ;; esac
    mkdir -p "$work${library%/*}"
    cp -L "$root$library" "$work$library"
done
cp "$root/bin/busybox" "$work/bin/"
for module in virtio_pci virtio_blk virtio_net overlay isofs; do
    chroot "$root" modprobe --show-depends --set-version "$version" "$module"
done | while read -r verb path _; do
    [ "$verb" = insmod ] || continue
    [ ! -e "$work/modules/${path##*/}" ] || continue
    cp "$root$path" "$work/modules/"
    echo "${path##*/}" >>"$work/modules/order"
done
cat >"$work/init" <<'INIT'
@init@
INIT
chmod 0755 "$work/init"
chroot "$root" sh -c 'cd /.slipway/initrd && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 >/.slipway/boot/initrd'
cp "$root/boot/vmlinuz-$version" "$root/.slipway/boot/kernel"
rm -rf "$work" "$root"/boot/* "$root"/vmlinuz* "$root"/initrd.img*
