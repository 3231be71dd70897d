#!/usr/bin/env bash
# Virtual machines: three etcd members from nothing to ssh and to quorum, beside the same three made by bare libvirt
# calls in the same run; disks, seeds and domains of ten nodes; the upload of an image; production, once.
#
#   Scripts/bench vm [--runs N] [--json] [--no-production]
#
#   --runs N     do it N times (default 3), each side first in turn
#   --json       print the figures as JSON
#   --no-production  leave out Topologies/production.yaml as five machines, with its smoke test
#
# Works in Scripts/sandbox by itself. SLIPWAY names the program (default .build/release/slipway).
# Both sides count from before the first volume is made, slipway's from the start of the command. The bare side has the
# same images in the pool, the same seeds, network and domains, and nothing to plan or to wait for.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
top=${self%/Scripts/*}
# shellcheck source=Scripts/lib/common.sh
. "$top/Scripts/lib/common.sh"
# shellcheck source=Scripts/lib/probe.sh
. "$top/Scripts/lib/probe.sh"

runs=3 json='' production=yes
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
    --runs) runs=${2:-} && shift ;;
    --json) json=yes ;;
    --no-production) production= ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$self" && exit 0 ;;
    *) die "unknown argument '$1'; see --help" ;;
    esac
    shift
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || die "--runs takes a number from 1"

SLIPWAY=$(readlink -f "${SLIPWAY:-$top/.build/release/slipway}")
export SLIPWAY
[ -x "$SLIPWAY" ] || die "$SLIPWAY is not built yet; run Scripts/quickstart"
[ -n "${SLIPWAY_IN_SANDBOX:-}" ] || exec "$top/Scripts/sandbox" "$self" "${arguments[@]}"

cluster=bench-vm ten=bench-ten
export LIBVIRT_DEFAULT_URI=qemu:///system
scratch=$(mktemp -d)
figures=$scratch/figures # lines "name value"
touch "$figures"
trap 'kill $(jobs -p) 2>/dev/null || true; cleanup' EXIT
cleanup() {
    bare_down >/dev/null 2>&1 || true
    "$SLIPWAY" down $cluster --yes >/dev/null 2>&1 || true
    "$SLIPWAY" down $ten --yes >/dev/null 2>&1 || true
    "$SLIPWAY" down production --yes >/dev/null 2>&1 || true
    "$SLIPWAY" image prune >/dev/null 2>&1 || true
    rm -rf "$scratch"
}

note() { echo "bench: $*" >&2; }
figure() { echo "$1 $2" >>"$figures"; }
load() { cut -d' ' -f1 /proc/loadavg; }

topology() { # name, number of members, third octet of the network
    printf 'name: %s\nnetwork: {cidr: 10.71.%s.0/24}\ndefaults: {runtime: vm, memory: 512MiB}\n' "$1" "$3"
    printf 'roles:\n  core: {count: %s, etcd: member}\n' "$2"
}
topology $cluster 3 122 >"$scratch/$cluster.yaml"
topology $ten 10 123 >"$scratch/$ten.yaml"
addresses=(10.71.122.10 10.71.122.11 10.71.122.12)
nodes=(core-1 core-2 core-3)

# MARK: Looking

answers_ssh() { # address
    local line
    exec 9<>"/dev/tcp/$1/22" || return 1
    IFS= read -r -t 1 line <&9 || line=
    exec 9>&-
    [[ $line == SSH-* ]]
}

# wait_ssh SECONDS ADDRESS…: prints the time at which the last of them had answered.
wait_ssh() {
    local deadline=$((SECONDS + $1)) address
    shift
    for address in "$@"; do
        until (answers_ssh "$address") 2>/dev/null; do
            [ $SECONDS -lt $deadline ] || return 1
            sleep 0.1
        done
    done
    now_ms
}

probe() { # prefix of the figures, began
    local ssh quorum
    ssh=$(wait_ssh 300 "${addresses[@]}") || die "the machines did not answer ssh in 300 s"
    quorum=$(wait_healthy 300 "${addresses[@]}") || die "the members were not healthy in 300 s"
    figure "$1ssh" $((ssh - $2))
    figure "$1quorum" $((quorum - $2))
}

# MARK: Bare libvirt

# What a run of slipway's leaves to copy: the same domains under the same names.
save() {
    local node
    "$SLIPWAY" render "$scratch/$cluster.yaml" core-1 --part network >"$scratch/network.xml"
    for node in "${nodes[@]}"; do
        virsh -q dumpxml --inactive $cluster."$node" >"$scratch/$node.xml"
        virsh -q vol-download --pool slipway $cluster."$node".seed.iso "$scratch/$node.seed"
    done
    base=$(virsh -q vol-dumpxml --pool slipway $cluster.core-1.disk.qcow2 |
        sed -n '/<backingStore>/,/<\/backingStore>/s:.*<path>\(.*\)</path>.*:\1:p')
    network=$(sed -n 's:.*<name>\(.*\)</name>.*:\1:p' "$scratch/network.xml" | head -n 1)
}

bare_up() {
    local node
    virsh -q net-define "$scratch/network.xml" && virsh -q net-start "$network"
    for node in "${nodes[@]}"; do
        virsh -q vol-create-as slipway $cluster."$node".disk.qcow2 10G --format qcow2 --backing-vol "$base" \
            --backing-vol-format raw
        virsh -q vol-create-as slipway $cluster."$node".seed.iso "$(stat -c %s "$scratch/$node.seed")" --format raw
        virsh -q vol-upload --pool slipway $cluster."$node".seed.iso "$scratch/$node.seed"
        virsh -q define "$scratch/$node.xml"
        virsh -q start $cluster."$node"
    done
}

bare_down() {
    local node
    for node in "${nodes[@]}"; do
        virsh -q destroy $cluster."$node" || true
        virsh -q undefine $cluster."$node" || true
        for kind in disk.qcow2 seed.iso console.log; do
            virsh -q vol-delete --pool slipway $cluster."$node".$kind || true
        done
    done
    rm -f /var/log/libvirt/qemu/$cluster.*.log
    virsh -q net-destroy "$network" && virsh -q net-undefine "$network"
}

bare_run() {
    local began
    began=$(now_ms)
    bare_up >/dev/null 2>"$scratch/errors" || { cat "$scratch/errors" >&2 && die "bare libvirt calls failed"; }
    probe bare_ "$began"
    bare_down >/dev/null 2>&1 || die "the bare machines could not be removed"
}

# MARK: Slipway

slipway_run() {
    local began
    began=$(now_ms)
    "$SLIPWAY" up "$scratch/$cluster.yaml" --yes >"$scratch/errors" 2>&1 &
    local up=$!
    probe '' "$began"
    wait $up || { cat "$scratch/errors" >&2 && die "slipway up failed"; }
    figure up $(($(now_ms) - began))
    "$SLIPWAY" down $cluster --yes >/dev/null 2>&1 || die "slipway down failed"
}

# The time from the first volume of ten nodes to the last one's domain, while those that are defined start already.
ten_run() {
    local up began='' deadline=$((SECONDS + 60)) pool
    pool=$(virsh -q pool-dumpxml slipway | sed -n 's:.*<path>\(.*\)</path>.*:\1:p')
    "$SLIPWAY" up "$scratch/$ten.yaml" --yes >"$scratch/errors" 2>&1 &
    up=$!
    until [ "$(virsh -q list --all --name | grep -c "^$ten\.")" -eq 10 ]; do
        [ -n "$began" ] || ! compgen -G "$pool/$ten.*" >/dev/null || began=$(now_ms)
        [ $SECONDS -lt $deadline ] || { cat "$scratch/errors" >&2 && die "ten nodes were not defined in 60 s"; }
        sleep 0.01
    done
    figure ten_defined $(($(now_ms) - began))
    kill -INT $up
    wait $up || true
    "$SLIPWAY" down $ten --yes >/dev/null 2>&1 || die "ten nodes could not be removed"
}

# The largest image into the empty pool, and the same bytes written there by cat.
upload_run() {
    local up pool image='' begun='' size peak=0 now deadline=$((SECONDS + 180))
    "$SLIPWAY" image prune >/dev/null 2>&1
    "$SLIPWAY" up "$scratch/$cluster.yaml" --yes >"$scratch/errors" 2>&1 &
    up=$!
    while :; do
        [ $SECONDS -lt $deadline ] || { cat "$scratch/errors" >&2 && die "the image was not uploaded in 180 s"; }
        now=$(awk '/^VmHWM/ { print $2 }' "/proc/$up/status" 2>/dev/null || true)
        [ "${now:-0}" -le "$peak" ] || peak=$now
        pool=$(virsh -q pool-dumpxml slipway 2>/dev/null | sed -n 's:.*<path>\(.*\)</path>.*:\1:p') || continue
        # The disk is uploaded first, and is the largest.
        [ -n "$image" ] || image=$(compgen -G "$pool/image-*.raw" | head -n 1 || true)
        [ -n "$begun" ] || [ -z "$image" ] || begun=$(now_ms)
        [ -n "$image" ] && [ -e "$image.whole" ] && break
        sleep 0.01
    done
    now=$(now_ms)
    size=$(stat -c %s "$image")
    figure upload_rate $((size * 1000 / 1048576 / (now - begun)))
    figure upload_peak "$peak"
    wait $up || { cat "$scratch/errors" >&2 && die "slipway up failed"; }
    begun=$(now_ms)
    cat "$image" >"$pool/copy"
    figure copy_rate $((size * 1000 / 1048576 / ($(now_ms) - begun)))
    rm "$pool/copy"
}

production_run() {
    local began
    began=$(now_ms)
    "$SLIPWAY" up "$top/Topologies/production.yaml" --runtime vm --yes >"$scratch/errors" 2>&1 ||
        { cat "$scratch/errors" >&2 && die "production did not come up as machines"; }
    figure production_up $(($(now_ms) - began))
    began=$(now_ms)
    "$SLIPWAY" smoke production >"$scratch/errors" 2>&1 || { cat "$scratch/errors" >&2 && die "its smoke test failed"; }
    figure production_smoke $(($(now_ms) - began))
    "$SLIPWAY" down production --yes >/dev/null 2>&1 || die "slipway down failed"
}

# MARK: The runs

note "$runs runs on $(nproc) cores, load $(load) before"
"$SLIPWAY" image build --vm >/dev/null 2>"$scratch/errors" ||
    { cat "$scratch/errors" >&2 && die "the image could not be made"; }
load_before=$(load)
note "the upload of the image"
upload_run
save
"$SLIPWAY" down $cluster --yes >/dev/null 2>&1 || die "slipway down failed"
for run in $(seq "$runs"); do
    note "run $run of $runs (load $(load))"
    # Whatever is second finds more of the host's memory in use.
    if [ $((run % 2)) -eq 1 ]; then bare_run && slipway_run; else slipway_run && bare_run; fi
done
note "ten nodes (load $(load))"
for run in $(seq "$runs"); do ten_run; done
[ -z "$production" ] || { note "production as five machines (load $(load))" && production_run; }

# MARK: What is printed

values() { awk -v name="$1" '$1 == name { print $2 }' "$figures" | sort -n; }
median() {
    values "$1" | awk '{ v[NR] = $1 }
        END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

row() { # title, figure, factor, unit, figure of the bare side or -, aim as text, whether it holds: awk on v and r
    [ -n "$(median "$2")" ] || return 0
    awk -v title="$1" -v v="$(median "$2")" -v low="$(values "$2" | head -n 1)" -v high="$(values "$2" | tail -n 1)" \
        -v f="$3" -v unit="$4" -v bare="$([ "$5" = - ] || median "$5")" -v aim="$6" 'BEGIN {
            r = bare == "" ? 0 : v / bare; v *= f
            held = aim == "-" ? "-" : ('"$7"') ? "yes" : "NO"
            printf "%-40s %8.2f %-5s %8.2f-%-8.2f %8s %6s  %-16s %s\n", title, v, unit, low * f, high * f,
                bare == "" ? "-" : sprintf("%.2f", bare * f), bare == "" ? "-" : sprintf("%.2f", r), aim, held
        }'
}

table() {
    printf '%-40s %8s %-5s %17s %8s %6s  %-16s %s\n' "" slipway "" min-max bare ratio aim held
    row "three machines answer ssh" ssh 0.001 s bare_ssh "<= 1.1 × bare " 'r <= 1.1'
    row "three members have a quorum" quorum 0.001 s bare_quorum "<= 1.1 × bare " 'r <= 1.1'
    row "up, the whole command" up 0.001 s - - 1
    row "ten nodes: disks, seeds, domains" ten_defined 0.001 s - "< 2 s" 'v < 2'
    row "production as five machines, up" production_up 0.001 s - - 1
    row "its smoke test" production_smoke 0.001 s - - 1
    row "upload of an image, beside cat" upload_rate 1 MiB/s copy_rate - 1
    row "slipway's memory meanwhile, at most" upload_peak 0.0009765625 MiB - - 1
    echo
    echo "Medians of $runs runs; $(nproc) cores; load $load_before before, $(load) after."
}

json_report() {
    local name first=yes
    printf '{"runs": %d, "cores": %d, "load_before": %s, "load_after": %s, "figures": {' \
        "$runs" "$(nproc)" "$load_before" "$(load)"
    # shellcheck disable=SC2013 # names without spaces
    for name in $(cut -d' ' -f1 "$figures" | sort -u); do
        [ -n "$first" ] || printf ', '
        first=
        printf '"%s": {"median": %s, "all": [%s]}' "$name" "$(median "$name")" \
            "$(values "$name" | paste -sd, | sed 's/,/, /g')"
    done
    printf '}}\n'
}

if [ -n "$json" ]; then json_report; else table; fi
