# The machine of Scripts/host-test: what is brought to it, its boots, and commands on it. Sourced, not run; needs common.sh
# and the variables of host-test.
# shellcheck shell=bash disable=SC2154,SC2034

# payload: what is brought along, as the disk that is mounted at /srv.
payload() {
    local kind path target
    rm -rf "$run/payload.ext4" "$run/payload"
    mkdir -p "$run/payload/docker/bin"
    cp "$package" "$run/payload/slipway.deb"
    topologies "$run/payload"
    cp Tests/Cluster/LibvirtProviderTests/Golden/storage/pool.xml "$run/payload/"
    # An image for Docker: there is no registry to pull from.
    cp "$(command -v busybox)" "$run/payload/docker/bin/busybox"
    ln -s busybox "$run/payload/docker/bin/sh"
    ln -s busybox "$run/payload/docker/bin/cat"
    tar -C "$run/payload/docker" -cf "$run/payload/busybox.tar" bin
    rm -rf "$run/payload/docker"
    # These mounts are of this process's own namespace.
    for kind in root layer; do
        path=$(image_path $kind)
        [ -d "$path" ] || die "there is no $kind of the node image ($run/image.json)"
        target=$run/payload/images/$kind/$(basename "$path")
        mkdir -p "$target"
        mount --bind "$path" "$target"
        [ ! -e "$path.json" ] || cp "$path.json" "$target.json"
    done
    truncate -s $(($(du -sm "$run/payload" | cut -f1) * 5 / 4 + 200))M "$run/payload.ext4"
    mkfs.ext4 -q -F -L payload -d "$run/payload" "$run/payload.ext4"
    for kind in root layer; do umount "$run/payload/images/$kind/$(basename "$(image_path $kind)")"; done
    rm -rf --one-file-system "$run/payload"
}

image_path() { sed -nE "s|.*\"$1_path\" : \"(.*)\".*|\1|p" "$run/image.json" | sed 's|\\/|/|g'; } # root or layer

# topologies DIRECTORY: one node, and one member with workers; without units that pull from a registry.
topologies() {
    sed '/busybox.service/d' Topologies/laptop.yaml >"$1/laptop.yaml"
    sed '/busybox.service/d' Topologies/dev-test.yaml >"$1/dev-test.yaml"
    cp -r Topologies/units "$1/"
}

boot() {
    # One thread: with several, QEMU 7.2 at times runs kernel text that another processor is patching, and the host panics.
    # Nor has the host KVM: what QEMU emulates of it is slower than no virtual machine.
    local accelerator=tcg,thread=single cpu=${processor:-max,svm=off} options=()
    # Of an arm64 processor there is no such flag; the device has to do.
    if { [ "$qemu_architecture" != x86_64 ] || grep -qwE 'vmx|svm' /proc/cpuinfo; } && [ -w /dev/kvm ]; then accelerator=kvm cpu=host; fi
    # On amd64 QEMU's own default is a machine that starts sooner than q35.
    [ "$qemu_architecture" = x86_64 ] || options=(-machine "$machine_type,gic-version=max")
    booted=$SECONDS
    rm -f "$run/disk.qcow2" "$run/console.log"
    qemu-img create -q -f qcow2 -b "$image/disk" -F raw "$run/disk.qcow2"
    nice -n 2 "$emulator" "${options[@]}" -accel "$accelerator" -cpu "$cpu" -smp 2 -m 4096 -nodefaults -display none \
        -kernel "$image/kernel" -initrd "$image/initrd" \
        -append "root=LABEL=host rw console=$console net.ifnames=0 loglevel=4 fsck.mode=skip systemd.getty_auto=no" \
        -drive "file=$run/disk.qcow2,if=virtio,cache=unsafe" \
        -drive "file=$run/payload.ext4,format=raw,if=virtio,cache=unsafe" \
        -netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:2222-:22 -device virtio-net-pci,netdev=net \
        -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
        -serial "file:$run/console.log" 9>&- &
    machine=$!
}

# busy_seconds: time of processors that the machine has taken so far. Where others want them as well, this is what counts.
busy_seconds() { awk -v ticks="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) / ticks) }' "/proc/$machine/stat" 2>/dev/null || echo 0; }

stop_host() { kill "$machine" 2>/dev/null || true; }

on_host() { # CMD…: runs a line of shell on the host, as its user
    ssh -q -i "$image/key" -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=20 \
        -o ServerAliveInterval=30 -o ServerAliveCountMax=6 -o BatchMode=yes dev@127.0.0.1 "$*"
}

wait_for_host() { # the id of the boot before, or nothing
    local deadline=$((SECONDS + 600)) boot_id
    until boot_id=$(on_host cat /proc/sys/kernel/random/boot_id 2>/dev/null) && [ "$boot_id" != "${1:-}" ]; do
        if [ $SECONDS -ge $deadline ]; then
            tail -n 20 "$run/console.log" >&2
            die "the host does not answer ($run/console.log)"
        fi
        kill -0 "$machine" 2>/dev/null || die "the machine has ended ($run/console.log)"
        sleep 1
    done
}

reboot_host() {
    local before
    before=$(on_host cat /proc/sys/kernel/random/boot_id)
    on_host sudo systemctl reboot || true
    wait_for_host "$before"
}
