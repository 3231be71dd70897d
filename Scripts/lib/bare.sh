#!/usr/bin/env bash
# What the machine can do without Slipway: etcd members and proxies as libvirt domains from hand-written XML and
# cloud-config, started by bare virsh calls. Prints the milliseconds from the first start to quorum and to the proxies
# answering. Run it in the sandbox; it removes what it made.
#
#   Scripts/sandbox Scripts/lib/bare.sh ROOT LAYER [MEMBERS [PROXIES]]
#
# ROOT and LAYER are the image's directories (slipway image list --json).
set -euo pipefail
# shellcheck source=Scripts/lib/probe.sh
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/probe.sh"

root=$1 layer=$2 members=${3:-3} proxies=${4:-2}
home=${SLIPWAY_HOME:-/var/lib/slipway}/clusters/bare
emulator=$(virsh -q -c lxc:///system capabilities | sed -n 's:.*<emulator>\(.*\)</emulator>.*:\1:p' | sed -n 1p)
export LIBVIRT_DEFAULT_URI=lxc:///system

address() { echo "10.98.0.$((10 + $1))"; }
# Names of this run alone: libvirt 9.0 may notice late that a container of the same name ended, and then ends its successor.
domain() { echo "bare-$$-n$1"; }
uuid() { printf 'ba5e0000-0000-4000-8000-%08d%04d' $$ "$1"; }

network_xml() {
    echo "<network><name>bare</name><bridge name='slw-bare' stp='off' delay='0'/><forward mode='nat'/>"
    echo "<dns enable='no'/><ip address='10.98.0.1' netmask='255.255.255.0'/></network>"
}

cloud_config() { # number
    local cluster='' i
    for i in $(seq "$members"); do cluster+="${cluster:+,}n$i=http://$(address "$i"):2380"; done
    echo '#cloud-config'
    echo "hostname: n$1"
    echo 'write_files:'
    echo '  - path: /etc/ssh/ssh_host_ed25519_key'
    echo '    permissions: "0600"'
    echo '    content: |'
    sed 's/^/      /' "$home/hostkey"
    echo 'coreos:'
    echo '  etcd2:'
    echo "    listen_client_urls: http://0.0.0.0:2379,http://0.0.0.0:4001"
    echo "    advertise_client_urls: http://$(address "$1"):2379"
    echo "    initial_cluster: $cluster"
    if [ "$1" -le "$members" ]; then
        echo "    name: n$1"
        echo '    initial_cluster_state: new'
        echo "    listen_peer_urls: http://$(address "$1"):2380"
        echo "    initial_advertise_peer_urls: http://$(address "$1"):2380"
    else
        echo '    proxy: "on"'
    fi
    echo '  units:'
    echo '    - name: 10-cluster.network'
    echo '      content: |'
    printf '        [Match]\n        Name=eth0\n        [Network]\n        Address=%s/24\n' "$(address "$1")"
    printf '        Gateway=10.98.0.1\n        LinkLocalAddressing=no\n        IPv6AcceptRA=no\n'
    echo '    - name: etcd2.service'
    echo '      command: start'
}

domain_xml() { # number
    cat <<XML
<domain type='lxc'>
  <name>$(domain "$1")</name><uuid>$(uuid "$1")</uuid>
  <memory unit='MiB'>1024</memory><vcpu>1</vcpu>
  <os><type>exe</type><init>/.slipway/layer/usr/lib/slipway/slipway-node-init</init></os>
  <features><privnet/><capabilities policy='allow'/></features>
  <devices>
    <emulator>$emulator</emulator>
    <filesystem type='mount'><source dir='$root'/><target dir='/'/><readonly/></filesystem>
    <filesystem type='mount'><source dir='$layer'/><target dir='/.slipway/layer'/><readonly/></filesystem>
    <filesystem type='mount'><source dir='$home/n$1'/><target dir='/.slipway/node'/></filesystem>
    <interface type='network'><source network='bare'/><guest dev='eth0'/></interface>
    <console type='pty'/>
  </devices>
</domain>
XML
}

clean() {
    local i deadline=$((SECONDS + 20))
    for i in $(seq $((members + proxies))); do
        virsh -q send-process-signal "$(domain "$i")" 1 sigkill
    done >/dev/null 2>&1 || true
    while virsh -q list --name | grep -q "^bare-$$-" && [ $SECONDS -lt $deadline ]; do sleep 0.05; done
    for i in $(seq $((members + proxies))); do virsh -q undefine "$(domain "$i")"; done >/dev/null 2>&1 || true
    for i in $(seq $((members + proxies))); do
        "$layer/usr/lib/slipway/slipway-node-init" --remove-cgroup "slipway-$(uuid "$i")" || true
    done
    { virsh -q net-destroy bare && virsh -q net-undefine bare; } >/dev/null 2>&1 || true
    rm -rf --one-file-system "$home"
}

addresses() { # first and last number
    local i
    for i in $(seq "$1" "$2"); do address "$i"; done
}

wait_nodes() { # first and last number; prints when all of them answered
    # shellcheck disable=SC2046 # an address is a word
    wait_healthy 60 $(addresses "$1" "$2") || { echo "bare: nodes $1 to $2 were not healthy in 60 s" >&2 && exit 1; }
}

clean
trap clean EXIT
mkdir -p "$home"
ssh-keygen -q -t ed25519 -N '' -f "$home/hostkey"
network_xml >"$home/network.xml"
virsh -q net-define "$home/network.xml"
virsh -q net-start bare
starts=()
for i in $(seq $((members + proxies))); do
    mkdir -p "$home/n$i"/{upper/etc,work,docker,config/openstack/latest}
    uuid "$i" | tr -d - >"$home/n$i/upper/etc/machine-id"
    cloud_config "$i" >"$home/n$i/config/openstack/latest/user_data"
    domain_xml "$i" >"$home/n$i.xml"
    virsh -q define "$home/n$i.xml"
    starts+=("start $(domain "$i");")
done
virsh -q "${starts[*]}"
quorum=$(wait_nodes 1 "$members")
answering=$quorum
[ "$proxies" -eq 0 ] || answering=$(wait_nodes $((members + 1)) $((members + proxies)))
# shellcheck disable=SC2046
began=$(first_start_ms $(seq -f "bare-$$-n%g" $((members + proxies))))
echo "quorum_ms=$((quorum - began)) proxies_ms=$((answering - began))"
