/// The Debian root as a virtual machine's disk: the same root as for containers, with what a whole machine needs on
/// top. It is a part of its own, so that containers' hosts need not make it, and containers do not start its programs.
extension RootRecipe {
    /// This root with a kernel, udev and the guest agent, and an initrd that knows the node's disks.
    package var machine: RootRecipe {
        RootRecipe(
            suite: suite,
            packages: packages + ["linux-image-cloud-amd64", "qemu-guest-agent", "udev"],
            excluded: excluded,
            customization: customization + MachineCustomization.script,
        )
    }
}

/// What is changed in a root to make it a virtual machine's.
enum MachineCustomization {
    /// Where the script leaves the kernel and the initrd, below the root.
    static let bootDirectory = ".slipway/boot"

    /// Continues ``RootCustomization/script``: `$root` is set. What it uses of the host is the shell.
    static let script = #"""

        # Machines: a power button, a console for whoever holds the host, a file system as large as the disk.
        ln -s /lib/systemd/system/systemd-logind.service "$root/etc/systemd/system/multi-user.target.wants/"
        chroot "$root" systemctl --quiet mask getty@tty1.service systemd-random-seed.service kmod-static-nodes.service
        mkdir -p "$root/etc/systemd/system/serial-getty@ttyS0.service.d"
        {
            echo '[Service]'
            echo 'ExecStart='
            echo 'ExecStart=-/sbin/agetty --autologin core --noclear --keep-baud 115200,57600,38400,9600 %I $TERM'
        } >"$root/etc/systemd/system/serial-getty@ttyS0.service.d/slipway.conf"
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
        #!/bin/busybox sh
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
        INIT
        chmod 0755 "$work/init"
        chroot "$root" sh -c 'cd /.slipway/initrd && find . | cpio --quiet -o -H newc -R 0:0 | gzip -1 >/.slipway/boot/initrd'
        cp "$root/boot/vmlinuz-$version" "$root/.slipway/boot/kernel"
        rm -rf "$work" "$root"/boot/* "$root"/vmlinuz* "$root"/initrd.img*

        """#
}
