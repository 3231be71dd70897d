# Looks at a cluster from outside, the same way whoever started it. Sourced, not run.
# shellcheck shell=bash

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# all_healthy ADDRESS…: whether etcd, or the proxy, says on each that it is healthy. One curl asks all at once, so that
# the asking costs the machine little.
all_healthy() {
    local urls=() address answers
    for address in "$@"; do urls+=("http://$address:2379/health"); done
    # Those that do not answer yet make curl fail; what counts is how many said so.
    answers=$(curl -s -Z --connect-timeout 0.2 -m 0.3 "${urls[@]}" 2>/dev/null | grep -o '"health":"true"' | wc -l) || true
    [ "$answers" -eq $# ]
}

# wait_healthy SECONDS ADDRESS…: prints the time, in milliseconds of the clock, at which all were.
wait_healthy() {
    local deadline=$((SECONDS + $1))
    shift
    until all_healthy "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.02
    done
    now_ms
}

# first_start_ms DOMAIN…: when libvirt began to start the first of them, by its own log, in milliseconds of the clock.
first_start_ms() {
    local domain line first='' at
    for domain in "$@"; do
        line=$(grep -h ': starting up$' "/var/log/libvirt/lxc/$domain.log" | tail -n 1)
        at=$(($(date -d "${line%: starting up}" +%s%N) / 1000000))
        [ -n "$first" ] && [ "$first" -le "$at" ] || first=$at
    done
    echo "$first"
}
