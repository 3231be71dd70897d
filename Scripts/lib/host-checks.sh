# What Scripts/host-test checks on its host. Sourced, not run; needs host-machine.sh.
# shellcheck shell=bash disable=SC2154

failed=0

check() { # WHAT CMD…: a line with the time it took, and the machine's time of processors; what a failure said
    local what=$1 begin=$SECONDS busy outcome=ok
    busy=$(busy_seconds)
    shift
    "$@" >"$run/said" 2>&1 || outcome=FAIL
    printf '%-4s  %-58s %4d s %4d s\n' $outcome "$what" $((SECONDS - begin)) $(($(busy_seconds) - busy))
    if [ $outcome = FAIL ]; then
        sed 's/^/      /' "$run/said" | tail -n 40
        failed=$((failed + 1))
        ! grep -q 'Kernel panic' "$run/console.log" || die "the host's kernel has panicked ($run/console.log)"
    fi
}

slipway() { on_host "cd /srv && sudo slipway $*"; }

settled() { # CLUSTER: `status` finds everything well within some minutes
    local deadline=$((SECONDS + 300))
    until slipway status "$1"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 5
    done
}

nothing_left() {
    on_host "sudo virsh -q -c lxc:///system uri && ! sudo find /sys/fs/cgroup -name 'slipway-*' | grep . &&
        ! sudo virsh -q -c lxc:///system list --all | grep . && ! sudo virsh -q -c lxc:///system net-list --all | grep slipway &&
        ! sudo ls /var/lib/slipway/clusters 2>/dev/null | grep . && ! ls -d /etc/systemd/system/slipway-backup-* 2>/dev/null"
}

# MARK: The package

# inventory: what a host has, but for what any program leaves in logs, caches and temporary directories, and for numbers of
# the kernel that change by themselves. Container nodes raise the inotify instances of the running kernel as they boot.
inventory() {
    # shellcheck disable=SC2016 # expanded there
    on_host 'sudo find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /srv -o -path /var/tmp \
            -o -path /var/log/journal -o -path /var/cache -o -path /var/lib/systemd -o -path /var/lib/dpkg \
            -o -path /var/lib/apt -o -path /var/log/apt -o -path /home/dev \) -prune -o -print | sort
        cut -d: -f1 /etc/passwd /etc/group
        for driver in lxc qemu; do sudo virsh -q -c $driver:///system net-list --all --name
            for pool in $(sudo virsh -q -c $driver:///system pool-list --all --name); do
                echo "$driver: $pool in $(sudo virsh -q -c $driver:///system pool-dumpxml $pool | grep "<path>")"
            done
        done
        sudo iptables-save | grep "^-A" | grep -v LIBVIRT
        sudo nft list ruleset | sed "s/counter packets [0-9]* bytes [0-9]*/counter/"
        ip -o link | cut -d: -f2
        systemctl list-timers --all --plain --no-legend | grep -oE "[^ ]+\.timer"
        sudo sysctl -a 2>/dev/null | grep -vE "^(kernel\.(random|ns_last_pid|pty\.nr)|fs\.(dentry|inode|file-nr|aio-nr|quota)|fs\.inotify\.max_user_instances|net\.netfilter\.nf_conntrack_(count|buckets)|kernel\.sched_domain|dev\.cdrom|net\.ipv[46]\.(conf|neigh)\.(eth0|lo)\.)" | sort'
}

install_package() {
    # What libvirt makes at its first start is not ours.
    # shellcheck disable=SC2016 # expanded there
    on_host 'for driver in lxc qemu; do sudo virsh -q -c $driver:///system net-list --all; done'
    inventory >"$run/before"
    on_host 'sudo dpkg -i /srv/slipway.deb && sudo mkdir -p /var/lib/slipway/images &&
        sudo mount --bind /srv/images /var/lib/slipway/images && slipway --version'
    echo "/srv/images /var/lib/slipway/images none bind 0 0" | on_host 'sudo tee -a /etc/fstab'
}

purge_package() {
    on_host 'sudo sed -i "/slipway/d" /etc/fstab && sudo umount /var/lib/slipway/images && sudo dpkg --purge slipway'
    inventory >"$run/after"
    diff "$run/before" "$run/after"
}

# MARK: Sessions

# without_rights: a user who is not root is told to use sudo.
without_rights() {
    local said
    if said=$(on_host 'cd /srv && slipway up laptop.yaml --yes 2>&1'); then return 1; fi
    echo "$said"
    [[ $said == *sudo* ]]
}

# machines_without_root: group libvirt is enough for virtual machines; for containers the command is said that root would run,
# before anything is made for them.
machines_without_root() {
    local said rc=0
    on_host 'sudo gpasswd -a dev libvirt'
    said=$(on_host 'cd /srv && slipway plan laptop.yaml --runtime vm 2>&1') || rc=$?
    echo "$said"
    [ $rc -eq 2 ] && [[ $said == *"boot core-1"* ]] || return 1
    said=$(on_host 'cd /srv && slipway up laptop.yaml --runtime container --yes 2>&1') && return 1
    echo "$said"
    [[ $said == *"sudo slipway up laptop.yaml --runtime container --yes"* ]] &&
        on_host 'test -d ~/.local/share/slipway/keys && ! sudo virsh -q -c lxc:///system list --all | grep . && sudo gpasswd -d dev libvirt'
}

controllers() { # CLUSTER NODE
    slipway exec "$1" "$2" -- cat /sys/fs/cgroup/cgroup.controllers | tee /dev/stderr | {
        read -r found
        for wanted in cpuset cpu io memory pids; do [[ " $found " == *" $wanted "* ]] || return 1; done
    }
}

container_limit() { # CLUSTER NODE
    on_host "sudo slipway exec $1 $2 -- sudo docker import - box </srv/busybox.tar" &&
        [ "$(slipway exec "$1" "$2" -- sudo docker run --rm -m 64m box cat /sys/fs/cgroup/memory.max | tr -d '\r')" = 67108864 ]
}

quiet_journal() { # CLUSTER NODE: systemd could attach its device filters
    [ "$(slipway exec "$1" "$2" -- "'sudo journalctl -q --no-pager | grep -c \"BPF program\"; true'")" = 0 ]
}

# timers_go: those of a cluster go with it, and purging the package removes what was made without one.
timers_go() {
    on_host 'systemctl list-timers --all "slipway-backup-*" --no-legend | tee /dev/stderr | wc -l | grep -qx 0'
}

# pool: as the first virtual machine makes it, which nobody would wait for that is emulated on what is emulated.
pool() {
    # shellcheck disable=SC2016 # expanded there
    on_host 'virsh="sudo virsh -q -c qemu:///system" image=image-$(seq -f 0 -s "" 64).raw
        $virsh pool-define /srv/pool.xml && $virsh pool-build slipway && $virsh pool-start slipway &&
        $virsh pool-autostart slipway && $virsh vol-create-as slipway "$image" 1M'
}

short_session() {
    check "up laptop" slipway up laptop.yaml --yes --runtime container
    check "libvirtd restarts" on_host "sudo systemctl restart libvirtd"
    check "laptop is well after it" settled laptop
    check "the host reboots" reboot_host
    check "laptop comes back by itself" settled laptop
    check "down --all" slipway down --all --yes
    check "nothing is left" nothing_left
}

first_session() {
    check "a user without rights is told to use sudo" without_rights
    check "a user in group libvirt has virtual machines" machines_without_root
    check "doctor" slipway doctor
    check "up laptop" slipway up laptop.yaml --yes --runtime container
    check "status" settled laptop
    check "a node has all controllers" controllers laptop core-1
    check "docker run -m is held to it, with AppArmor on the host" container_limit laptop core-1
    check "no complaint about device filters" quiet_journal laptop core-1
    check "libvirtd restarts" on_host "sudo systemctl restart libvirtd"
    check "laptop is well after it" settled laptop
    check "a timer makes backups" slipway backup schedule laptop.yaml --every 1h --directory /srv/backups
    check "down laptop" slipway down laptop --yes
    check "nothing is left" nothing_left
    check "no timer is left" timers_go
}

second_session() {
    check "up dev-test" slipway up dev-test.yaml --yes
    check "exec" slipway exec dev-test worker-1 -- fleetctl list-machines
    check "the host reboots" reboot_host
    check "dev-test comes back by itself" settled dev-test
    check "up finds nothing to do" slipway plan dev-test.yaml
    check "virsh destroy leaves no process of the node" on_host \
        "sudo virsh -q -c lxc:///system destroy dev-test.worker-1 && sleep 3 && ! pgrep -f slipway-worker-1"
    check "up starts it again" slipway up dev-test.yaml --yes
    check "up laptop beside it" slipway up laptop.yaml --yes --runtime container
    check "down --all" slipway down --all --yes
    check "nothing is left" nothing_left
    check "a timer of a cluster that is gone" slipway backup schedule laptop.yaml --every 1h --directory /srv/backups
    check "a pool of disks with an image in it" pool
}
