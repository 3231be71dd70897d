#!/bin/busybox sh
# The first program of a virtual machine's initrd.
# shellcheck shell=dash disable=SC2086,SC2013

# Finds the node's disks by their serials, lays the node programs over the root, and hands over to systemd.
bb=/bin/busybox
fail() {
    $bb echo "slipway: $*" >/dev/console
    $bb sync
    $bb poweroff -f
}
disk() {
    for serial in /sys/block/*/serial; do
        [ "$($bb cat "$serial")" = "$1" ] || continue
        serial=${serial%/serial}
        $bb echo "/dev/${serial##*/}"
        return
    done
}
$bb mount -t devtmpfs dev /dev
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
while read -r module; do
    $bb insmod "/modules/$module" || fail "the kernel did not take $module"
done </modules/order
root=$(disk root) layer=$(disk layer) config=$(disk config-2)
[ -n "$root" ] || fail "there is no disk with the serial 'root'"
$bb mount -t ext4 -o noatime "$root" /root || fail "the root disk cannot be mounted"
if [ -n "$layer" ]; then
    $bb mount -t ext4 -o ro "$layer" /root/.slipway/layer || fail "the node programs' disk cannot be mounted"
    usr=/root/.slipway/usr
    # The merged /usr has this directory's time: a new one would tell systemd that /usr was updated.
    [ -d $usr/work ] || { $bb mkdir -p $usr/upper && $bb touch -d @1 $usr/upper && $bb mkdir $usr/work; }
    $bb mount -t overlay \
        -o "lowerdir=/root/.slipway/layer/usr:/root/usr,upperdir=$usr/upper,workdir=$usr/work" \
        usr /root/usr || fail "the node programs cannot be laid over the root"
fi
if [ -n "$config" ]; then
    $bb mount -t iso9660 -o ro,mode=0400,dmode=0500 "$config" /root/media/configdrive ||
        fail "the config drive cannot be mounted"
fi
for word in $($bb cat /proc/cmdline); do
    case $word in
    systemd.machine_id=*) [ -s /root/etc/machine-id ] || $bb echo "${word#*=}" >/root/etc/machine-id ;;
    systemd.hostname=*) [ -s /root/etc/hostname ] || $bb echo "${word#*=}" >/root/etc/hostname ;;
    esac
done
for point in dev proc sys; do $bb mount -o move /$point /root/$point; done
exec $bb switch_root /root /sbin/init
