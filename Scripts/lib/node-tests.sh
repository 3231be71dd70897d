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
        sed -nE 's/^(IntegrationTests\.[^(]*)\(.*/\1/p; s/^(LibvirtProviderTests\.ProviderContractTests)\/.*/\1/p' | sort -u |
        awk 'NR == FNR { if (!/^#/ && NF) { rank[$2] = NR; kind[$2] = $1 } next }
            { print ($1 in rank ? rank[$1] : 9999), ($1 in kind ? kind[$1] : "container"), $1 }' \
            "$node_test_order" - | sort -n | cut -d' ' -f2-
}

# run_node_tests BUNDLE DIRECTORY LANES: every test; logs go to the directory, and to standard output when a test ends.
run_node_tests() {
    local bundle=$1 logs=$2 lanes=$3 lane running=() rc=0
    mkdir -p "$logs"
    rm -f "$logs"/*
    node_tests "$bundle" >"$logs/queue"
    [ -s "$logs/queue" ] || die "there are no tests with nodes in $bundle"
    : >"$logs/failed"
    for lane in $(seq "$lanes"); do
        node_lane "$bundle" "$logs" "$lane" &
        running+=($!)
    done
    for lane in "${running[@]}"; do wait "$lane" || rc=1; done
    [ ! -s "$logs/queue" ] && [ ! -s "$logs/failed" ] && [ $rc -eq 0 ]
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

# node_lane BUNDLE DIRECTORY LANE: a sandbox, and tests in it until there are none left.
node_lane() {
    local bundle=$1 logs=$2 lane=$3 name log began rc
    export SLIPWAY_SANDBOX="test-$lane"
    Scripts/sandbox stop >/dev/null
    Scripts/sandbox start >/dev/null
    while name=$(next_node_test "$logs" "$lane"); do
        log=$logs/${name//\//.}.log began=$SECONDS rc=0
        node_test "$bundle" "$name" >"$log" 2>&1 || rc=$?
        [ $rc -eq 0 ] || echo "$name" >>"$logs/failed"
        # shellcheck disable=SC2016 # awk's own
        flock "$logs/printing" awk -v lane="$lane" -v name="$name" -v failed=$rc -v took=$((SECONDS - began)) '
            BEGIN { printf "lane %s: %s %s (%ss)\n", lane, name, failed == 0 ? "passed" : "FAILED", took }
            # What it measured, without what each run of a test says.
            failed != 0 || !/^[◇✔↳] |^$/ { print "    " $0 }' "$log"
    done
    Scripts/sandbox stop >/dev/null
}

# node_test BUNDLE NAME: one test, in the sandbox that SLIPWAY_SANDBOX names. A name ends where a component does.
node_test() {
    Scripts/sandbox env NO_COLOR=1 SLIPWAY_TEST_NODES=1 "$1" --testing-library swift-testing --no-parallel \
        --filter "^${2//./\\.}(\(|/|\$)"
}

# repeat_tests BUNDLE DIRECTORY N NAME: tests by a part of their names, again and again; fails where a run does.
repeat_tests() {
    local bundle=$1 logs=$2 repeats=$3 part=$4 names failed=0 began run rc log
    mkdir -p "$logs"
    rm -f "$logs"/*
    names=$(node_tests "$bundle" | cut -d' ' -f2 | grep -F -- "$part" || true)
    if [ -n "$names" ]; then
        .build/debug/slipway image build --vm
        cloud_image .build/cloud-image/debian.qcow2.zst
        export SLIPWAY_SANDBOX=repeat
        Scripts/sandbox stop >/dev/null
        Scripts/sandbox start >/dev/null
    fi
    for run in $(seq "$repeats"); do
        log=$logs/$run.log began=$SECONDS rc=0
        if [ -n "$names" ]; then
            for name in $names; do node_test "$bundle" "$name" || rc=1; done >"$log" 2>&1
        else
            NO_COLOR=1 "$bundle" --testing-library swift-testing --filter "${part//[^A-Za-z0-9_\/]/.}" >"$log" 2>&1 || rc=1
            grep -q 'Test run with [1-9]' "$log" || die "there is no test with \"$part\" in its name"
        fi
        if [ $rc -eq 0 ]; then
            echo "run $run of $repeats passed ($((SECONDS - began))s)"
        else
            failed=$((failed + 1))
            echo "run $run of $repeats FAILED ($((SECONDS - began))s)"
            sed 's/^/    /' "$log"
        fi
    done
    [ -z "$names" ] || Scripts/sandbox stop >/dev/null
    echo "$part: $failed of $repeats runs failed"
    [ $failed -eq 0 ]
}
