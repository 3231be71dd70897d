#!/usr/bin/env bash
# fleet's figures on three container nodes with one etcd, beside those of the original on a 2-core machine like this one.
#
#   Scripts/bench fleet [--runs N] [--sizes "N…"] [--no-loss] [--json]
#
#   --runs N       do everything N times (default 10)
#   --sizes "N…"   how many units are launched and destroyed together (default "10 30 100 300")
#   --no-loss      leave out the nodes that lose their power
#   --json         print the figures as JSON; times in milliseconds
#
# Works in Scripts/sandbox by itself. SLIPWAY names the program (default .build/release/slipway).
# A unit counts as active, or gone, when its machine has said so in etcd. Requests are those that etcd's own /metrics
# count; CPU is that of the three fleetd together. Both hardly depend on what else the machine does; times do.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
top=${self%/Scripts/*}
# shellcheck source=Scripts/lib/common.sh
. "$top/Scripts/lib/common.sh"
# shellcheck source=Scripts/lib/probe.sh
. "$top/Scripts/lib/probe.sh"

runs=10 sizes='10 30 100 300' loss=yes json=''
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
    --runs) runs=${2:-} && shift ;;
    --sizes) sizes=${2:-} && shift ;;
    --no-loss) loss='' ;;
    --json) json=yes ;;
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$self" && exit 0 ;;
    *) die "unknown argument '$1'; see --help" ;;
    esac
    shift
done
[[ $runs =~ ^[1-9][0-9]*$ ]] || die "--runs takes a number from 1"
[[ $sizes =~ ^[1-9][0-9]*( [1-9][0-9]*)*$ ]] || die "--sizes takes numbers from 1, as \"10 30\""
command -v etcdctl >/dev/null || die "etcdctl is missing; run: apt-get install etcd-client"

SLIPWAY=$(readlink -f "${SLIPWAY:-$top/.build/release/slipway}")
export SLIPWAY
[ -x "$SLIPWAY" ] || die "$SLIPWAY is not built yet; run Scripts/quickstart"
[ -n "${SLIPWAY_IN_SANDBOX:-}" ] || exec "$top/Scripts/sandbox" "$self" "${arguments[@]}"

cluster=bench-fleet
scratch=$(mktemp -d)
figures=$scratch/figures # lines "name value"
touch "$figures"
trap 'kill $(jobs -p) 2>/dev/null || true; "$SLIPWAY" down $cluster --yes >/dev/null 2>&1 || true; rm -rf "$scratch"' EXIT

note() { echo "bench: $*" >&2; }
figure() { echo "$1 $2" >>"$figures"; }
load() { cut -d' ' -f1 /proc/loadavg; }

# MARK: The cluster

cat >"$scratch/$cluster.yaml" <<YAML
name: $cluster
network: {cidr: 10.71.121.0/24}
fleet: {machine_ttl: 5s}
roles:
  central: {count: 1, etcd: member}
  worker: {count: 2, etcd: proxy}
YAML
nodes=(central-1 worker-1 worker-2)
prefix=/_coreos.com/fleet
export ETCDCTL_API=3

# Processes of nodes are seen from here, and so are their files.
fleetd_of() { # node
    local pid
    for pid in $(pgrep -x fleetd); do
        [ "$(cat "/proc/$pid/root/etc/hostname" 2>/dev/null)" != "$1" ] || { echo "$pid" && return; }
    done
    return 1
}
machine_of() { cat "/proc/$(fleetd_of "$1")/root/etc/machine-id"; }
api() { # path, arguments of curl…: on the first node's socket
    local path=$1
    shift
    curl -sS -m 10 --unix-socket "/proc/$(fleetd_of central-1)/root/run/fleet.sock" "$@" "http://localhost/fleet/v1$path"
}
etcd() { etcdctl --endpoints "http://$address:2379" "$@"; }
machines_present() { [ "$(etcd get --prefix $prefix/machine/ --keys-only | grep -c .)" -eq "$1" ]; }

requests() {
    curl -sS -m 5 "http://$address:2379/metrics" | awk '/^grpc_server_msg_received_total/ { n += $2 } END { printf "%d", n }'
}
fleetd_cpu() { # milliseconds
    local pid total=0 fields
    for pid in $(pgrep -x fleetd); do
        read -r -a fields <"/proc/$pid/stat"
        total=$((total + fields[13] + fields[14]))
    done
    echo $((total * 1000 / $(getconf CLK_TCK)))
}

# MARK: Units

# mawk, Debian's, would wait for its buffer to fill.
line_awk=(awk)
case $(readlink -f "$(command -v awk)") in *mawk) line_awk+=(-W interactive) ;; esac

# watch_states WANTED COUNT [NOT_ON]: ends when COUNT units are `active` on other machines than NOT_ON, or `gone`.
watch_states() {
    local watching
    # Its own process, as it would only notice at its next line that nobody reads any more.
    mkfifo "$scratch/states"
    etcdctl --endpoints "http://$address:2379" watch --prefix $prefix/state/ >"$scratch/states" &
    watching=$!
    # shellcheck disable=SC2016 # awk's own
    "${line_awk[@]}" -v wanted="$1" -v count="$2" -v not="${3:- }" '
        function set(key, holds) { if (holds != (key in a)) { if (holds) { a[key]; n++ } else { delete a[key]; n-- } } }
        $0 == "PUT" || $0 == "DELETE" {
            operation = $0; getline key; getline value
            if (index(key, not)) next
            if (wanted == "gone") set(key, operation == "DELETE")
            else set(key, operation == "PUT" && value ~ /"activeState":"active"/)
            if (n >= count) exit
        }' <"$scratch/states"
    echo >"$scratch/seen"
    # It may have ended by itself, at a line that nobody read any more.
    kill $watching 2>/dev/null || true
    wait $watching 2>/dev/null || true
    rm "$scratch/states"
}

begin_watch() {
    rm -f "$scratch/seen"
    watch_states "$@" &
    watcher=$!
    sleep 0.3 # for etcd to have taken it
}
end_watch() { # what was waited for, seconds
    local deadline=$((SECONDS + $2))
    until [ -e "$scratch/seen" ]; do
        [ $SECONDS -lt $deadline ] || die "waited $2 s in vain for $1"
        sleep 0.005
    done
    wait "$watcher" || true
}

unit_requests() { # PUT or DELETE, count: a configuration for curl
    local i
    for i in $(seq "$2"); do
        [ "$i" -eq 1 ] || echo next
        echo "url = \"http://localhost/fleet/v1/units/bench-$i.service\""
        echo "unix-socket = \"/proc/$(fleetd_of central-1)/root/run/fleet.sock\""
        echo "request = $1"
        echo 'output = /dev/null'
        [ "$1" = PUT ] || continue
        echo 'header = "Content-Type: application/json"'
        printf 'data = "%s"\n' '{\"desiredState\":\"launched\",\"options\":[{\"section\":\"Service\",\"name\":\"ExecStart\",\"value\":\"/bin/sleep infinity\"}]}'
    done
}

change_units() { # launch or destroy, count, name of the figures or -
    local verb=PUT wanted=active began requests cpu name=$3
    [ "$1" = launch ] || { verb=DELETE && wanted=gone; }
    unit_requests $verb "$2" >"$scratch/requests"
    begin_watch $wanted "$2"
    requests=$(requests) cpu=$(fleetd_cpu)
    began=$(now_ms)
    curl -sS -f -Z --no-progress-meter --parallel-max 10 -K "$scratch/requests" || die "fleet's API refused a request"
    end_watch "$2 units to be $wanted" 120
    [ "$name" = - ] || {
        figure "${name}_ms" $(($(now_ms) - began))
        figure "${name}_cpu" $(($(fleetd_cpu) - cpu))
        figure "${name}_requests" $(($(requests) - requests))
    }
}

idle() { # count
    local before
    sleep 3
    before=$(requests)
    sleep 20
    # Reading the metrics is no request of etcd's.
    figure "idle_$1_mhz" $((($(requests) - before) * 1000 / 20))
}

list() { # count
    local tokens=('' '?nextPageToken=ZAACAA%3D%3D' '?nextPageToken=ZAADAA%3D%3D') pages=$((($1 + 99) / 100)) i urls=()
    for i in $(seq "$pages"); do urls+=("http://localhost/fleet/v1/units${tokens[i - 1]}" -o /dev/null); done
    for _ in 1 2 3; do
        figure "list_$1_us" "$(curl -sS -f -w '%{time_total}\n' --unix-socket \
            "/proc/$(fleetd_of central-1)/root/run/fleet.sock" "${urls[@]}" | awk '{ n += $1 } END { printf "%d", n * 1e6 }')"
    done
}

memory() {
    local pid
    for pid in $(pgrep -x fleetd); do awk '/^VmRSS/ { print "memory_kib", $2 }' "/proc/$pid/status" >>"$figures"; done
}

# MARK: The loss of a node

leader() { etcd get --print-value-only $prefix/engine; }
node_of() { # machine id
    local node
    for node in "${nodes[@]}"; do [ "$(machine_of "$node")" != "$1" ] || echo "$node"; done
}

# The first node holds the only etcd: it can't be the one that is lost.
lead_from_a_worker() {
    local deadline=$((SECONDS + 30))
    while [ "$(leader)" = "$(machine_of central-1)" ]; do
        [ $SECONDS -lt $deadline ] || die "the engine of central-1 leads again and again"
        kill -TERM "$(fleetd_of central-1)"
        sleep 1
    done
}

lose() { # name of the figure, node
    local began machine count
    machine=$(machine_of "$2")
    count=$(etcd get --prefix --print-value-only $prefix/schedule/ | grep -cx "$machine")
    [ "$count" -gt 0 ] || die "no unit is on $2"
    begin_watch active "$count" "$machine"
    began=$(now_ms)
    virsh -q -c lxc:///system destroy "$cluster.$2" >/dev/null
    end_watch "the $count units of $2 to run elsewhere" 60
    figure "$1" $(($(now_ms) - began))
    virsh -q -c lxc:///system start "$cluster.$2" >/dev/null
    wait_until 30 "$2 to be back" machines_present 3
}

loss_run() {
    local victim
    lead_from_a_worker
    for kind in leader other; do
        change_units launch 30 -
        victim=$(node_of "$(leader)")
        [ $kind = leader ] || victim=$([ "$victim" = worker-1 ] && echo worker-2 || echo worker-1)
        [ "$victim" != central-1 ] || victim=worker-1
        lose "loss_${kind}_ms" "$victim"
        change_units destroy 30 -
        [ $kind = other ] || lead_from_a_worker
    done
}

# MARK: The runs

note "$runs runs on $(nproc) cores, load $(load) before"
"$SLIPWAY" image build >/dev/null 2>"$scratch/errors" || { cat "$scratch/errors" >&2 && die "the image could not be made"; }
load_before=$(load)
"$SLIPWAY" up "$scratch/$cluster.yaml" --yes >"$scratch/errors" 2>&1 || { cat "$scratch/errors" >&2 && die "slipway up failed"; }
address=$("$SLIPWAY" status $cluster --json | tr -d '\n' | tr '}' '\n' |
    sed -n 's/.*"address" : "\([^"]*\)".*"name" : "central-1".*/\1/p')
[ -n "$address" ] || die "slipway status names no address of central-1"
wait_until 30 "three machines" machines_present 3

note "idle without units (load $(load))"
idle 0
for run in $(seq "$runs"); do
    note "run $run of $runs (load $(load))"
    change_units launch 1 start
    change_units destroy 1 stop
    for size in $sizes; do
        change_units launch "$size" "launch_$size"
        [ "$run" -gt 1 ] || { note "idle with $size units" && idle "$size"; }
        list "$size"
        memory
        change_units destroy "$size" "destroy_$size"
    done
    [ -z "$loss" ] || loss_run
done
garbage=$(etcd get --prefix $prefix/ --keys-only | grep . | grep -cv -e /machine/ -e '/engine$' || true)
figure garbage_keys "$garbage"

# MARK: What is printed

values() { awk -v name="$1" '$1 == name { print $2 }' "$figures" | sort -n; }
median() { values "$1" | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

row() { # title, figure, factor, unit, aim, original
    [ -n "$(median "$2")" ] || return 0
    awk -v title="$1" -v m="$(median "$2")" -v low="$(values "$2" | head -n 1)" -v high="$(values "$2" | tail -n 1)" \
        -v factor="$3" -v unit="$4" -v aim="$5" -v original="$6" -v cpu="$(median "${2%_ms}_cpu")" \
        -v requests="$(median "${2%_ms}_requests")" 'BEGIN {
            held = aim == "-" ? "-" : m * factor <= aim ? "yes" : "NO"
            printf "%-40s %7.2f %-5s %6.2f-%-7.2f %8s %8s  %-4s %7s %8s\n", title, m * factor, unit, low * factor,
                high * factor, aim, original, held, cpu == "" ? "-" : cpu, requests == "" ? "-" : requests
        }'
}

aim_of() { case $1 in 10) echo 0.3 ;; 30) echo 0.5 ;; 100) echo 1 ;; 300) echo 2.5 ;; *) echo - ;; esac; }
launch_of_original() { case $1 in 10) echo 4.3 ;; 30 | 100) echo 3.7 ;; 300) echo 5.5 ;; *) echo - ;; esac; }
destroy_of_original() { case $1 in 10) echo 14.6 ;; 30) echo 49 ;; 100) echo 153 ;; 300) echo 487 ;; *) echo - ;; esac; }
idle_of_original() { case $1 in 0) echo 17 ;; 30) echo 27 ;; 100) echo 50 ;; 300) echo 93 ;; *) echo - ;; esac; }
list_of_original() { case $1 in 30) echo 5 ;; 100) echo 24 ;; 300) echo 92 ;; *) echo - ;; esac; }

table() {
    local size
    printf '%-40s %7s %-5s %14s %8s %8s  %-4s %7s %8s\n' "" median "" min-max aim original held 'CPU ms' requests
    row "one unit, PUT to active" start_ms 0.001 s 0.15 3.8
    row "one unit, DELETE to gone" stop_ms 0.001 s - 3.2
    for size in $sizes; do row "launch of $size units" "launch_${size}_ms" 0.001 s "$(aim_of "$size")" "$(launch_of_original "$size")"; done
    for size in $sizes; do row "destroy of $size units" "destroy_${size}_ms" 0.001 s "$(aim_of "$size")" "$(destroy_of_original "$size")"; done
    row "node lost, its units active elsewhere" loss_other_ms 0.001 s 6 20.9
    row "the engine leader's node, likewise" loss_leader_ms 0.001 s 6 31.0
    for size in 0 $sizes; do row "requests of etcd, idle, $size units" "idle_${size}_mhz" 0.001 "/s" 2 "$(idle_of_original "$size")"; done
    for size in $sizes; do
        row "list of $size units" "list_${size}_us" 0.001 ms "$([ "$size" -eq 300 ] && echo 15 || echo -)" "$(list_of_original "$size")"
    done
    row "memory of a fleetd" memory_kib 0.0009765625 MiB 40 18
    row "keys left in etcd" garbage_keys 1 keys 0 302
    echo
    echo "Medians of $runs runs; machine TTL 5 s; $(nproc) cores; load $load_before before, $(load) after."
}

json_report() {
    local name first=yes
    printf '{"runs": %d, "cores": %d, "load_before": %s, "load_after": %s, "figures": {' "$runs" "$(nproc)" "$load_before" "$(load)"
    # shellcheck disable=SC2013 # names without spaces
    for name in $(cut -d' ' -f1 "$figures" | sort -u); do
        [ -n "$first" ] || printf ', '
        first=
        printf '"%s": {"median": %s, "all": [%s]}' "$name" "$(median "$name")" "$(values "$name" | paste -sd, | sed 's/,/, /g')"
    done
    printf '}}\n'
}

if [ -n "$json" ]; then json_report; else table; fi
