# Runs the tests that need nodes: each in a process of its own, several beside each other. Sourced, not run.
# shellcheck shell=bash
#
# As many lanes as there is work for, each in a sandbox of its own: a test has a host for itself, as it wants to, and looks
# at all of it. What they share are the image store and the processors.

# Tests in the order in which they begin, the longest first, and what they are like: `vm` for those that boot emulated
# machines (one at a time, as each keeps every processor busy, and as they remove each other's images), `container` for the
# others. One that is not listed comes last.
node_test_order=Scripts/lib/node-tests.txt

# node_tests BUNDLE: one line a test: kind, name as --filter takes it.
node_tests() {
    "$1" --testing-library swift-testing --list-tests 2>/dev/null |
        sed -nE 's/^(IntegrationTests\.[^(]*)\(.*/\1/p; s/^(LibvirtProviderTests\.ProviderContractTests|DashboardTests\.BrowserTests)\/.*/\1/p' | sort -u |
        awk 'NR == FNR { if (!/^#/ && NF) { rank[$2] = NR; kind[$2] = $1 } next }
            { print ($1 in rank ? rank[$1] : 9999), ($1 in kind ? kind[$1] : "container"), $1 }' \
            "$node_test_order" - | sort -n | cut -d' ' -f2-
}

# run_node_tests BUNDLE DIRECTORY LANES: every test; logs go to the directory, and to standard output when a test ends.
run_node_tests() {
    local bundle=$1 logs=$2 lanes=$3 lane log running=() rc=0
    mkdir -p "$logs"
    rm -f "$logs"/*
    node_tests "$bundle" >"$logs/queue"
    [ -s "$logs/queue" ] || die "there are no tests with nodes in $bundle"
    : >"$logs/failed"
    for lane in $(seq "$lanes"); do
        in_test_sandbox "test-$$-$lane" node_lane "$bundle" "$logs" "$lane" &
        running+=($!)
    done
    for lane in "${running[@]}"; do wait "$lane" || rc=1; done
    # A lane whose sandbox died says nothing of its test, nor of those that nobody took.
    for log in "$logs"/running-*; do
        [ -e "$log" ] || continue
        sed 's/$/ did not end/' "$log"
        cat "$log" >>"$logs/failed"
    done
    if [ -s "$logs/queue" ]; then cut -d' ' -f2 "$logs/queue" | sed 's/$/ was not run/' | tee -a "$logs/failed"; fi
    [ ! -s "$logs/failed" ] && [ $rc -eq 0 ]
}

# next_node_test DIRECTORY LANE: takes a test from the queue. The first lane is for the machines as long as there are any.
next_node_test() {
    local kinds=container name
    [ "$2" != 1 ] || kinds="vm container"
    for kinds in $kinds; do
        exec 9>"$1/lock"
        flock 9
        name=$(awk -v kind="$kinds" '$1 == kind { print $2; exit }' "$1/queue")
        [ -z "$name" ] || sed -i "0,/^$kinds /{/^$kinds /d}" "$1/queue"
        exec 9>&-
        [ -z "$name" ] || break
    done
    [ -n "$name" ] && echo "$name"
}

# in_test_sandbox NAME FUNCTION ARGUMENT…: one of these functions in a sandbox that is made for it and goes with it.
in_test_sandbox() {
    # shellcheck disable=SC2016 # that shell's own
    SLIPWAY_SANDBOX=$1 Scripts/sandbox bash -euo pipefail -c \
        '. Scripts/lib/common.sh && . Scripts/lib/node-tests.sh && "$@"' "$0" "${@:2}"
}

# node_lane BUNDLE DIRECTORY LANE: tests, until there are none left.
node_lane() {
    local bundle=$1 logs=$2 lane=$3 name log began rc
    while name=$(next_node_test "$logs" "$lane"); do
        log=$logs/${name//\//.}.log began=$SECONDS rc=0
        echo "$name" >"$logs/running-$lane"
        node_test "$bundle" "$name" >"$log" 2>&1 || rc=$?
        [ $rc -eq 0 ] || echo "$name" >>"$logs/failed"
        rm "$logs/running-$lane"
        # shellcheck disable=SC2016 # awk's own
        flock "$logs/printing" awk -v lane="$lane" -v name="$name" -v failed=$rc -v took=$((SECONDS - began)) '
            BEGIN { printf "lane %s: %s %s (%ss)\n", lane, name, failed == 0 ? "passed" : "FAILED", took }
            # What it measured, without what each run of a test says.
            failed != 0 || !/^(◇|✔|↳) |^$/ { print "    " $0 }' "$log"
    done
}

# node_test BUNDLE NAME: one test, in this sandbox. A name ends where a component does.
node_test() {
    NO_COLOR=1 SLIPWAY_TEST_NODES=1 "$1" --testing-library swift-testing --no-parallel \
        --filter "^${2//./\\.}(\(|/|\$)"
}

# repeat_tests BUNDLE DIRECTORY N NAME: tests by a part of their names, again and again; fails where a run does.
repeat_tests() {
    local bundle=$1 logs=$2 repeats=$3 part=$4 names
    mkdir -p "$logs"
    rm -f "$logs"/*
    names=$(node_tests "$bundle" | cut -d' ' -f2 | grep -F -- "$part" || true)
    if [ -z "$names" ]; then
        repeat_run "$logs" "$repeats" unit_test "$bundle" "$part"
        return
    fi
    .build/debug/slipway image build --vm
    # Its GRUB is one for a BIOS.
    # shellcheck disable=SC2154 # common.sh's
    [ "$qemu_architecture" != x86_64 ] || cloud_image .build/cloud-image/debian.qcow2.zst
    # shellcheck disable=SC2086 # names without spaces
    in_test_sandbox "repeat-$$" repeat_run "$logs" "$repeats" node_tests_in_turn "$bundle" $names
}

repeat_run() { # directory, number of runs, function…
    local logs=$1 repeats=$2 failed=0 began run rc
    for run in $(seq "$repeats"); do
        began=$SECONDS rc=0
        "${@:3}" >"$logs/$run.log" 2>&1 || rc=1
        if [ $rc -eq 0 ]; then
            echo "run $run of $repeats passed ($((SECONDS - began))s)"
        else
            failed=$((failed + 1))
            echo "run $run of $repeats FAILED ($((SECONDS - began))s)"
            sed 's/^/    /' "$logs/$run.log"
        fi
    done
    echo "$failed of $repeats runs failed"
    [ $failed -eq 0 ]
}

node_tests_in_turn() { # bundle, names…
    local name rc=0
    for name in "${@:2}"; do node_test "$1" "$name" || rc=1; done
    return $rc
}

unit_test() { # bundle, part of the name
    local said rc=0
    said=$(NO_COLOR=1 "$1" --testing-library swift-testing --filter "${2//[^A-Za-z0-9_\/]/.}" 2>&1) || rc=$?
    printf '%s\n' "$said"
    [ $rc -eq 0 ] && [[ $said == *"Test run with "[1-9]* ]]
}
