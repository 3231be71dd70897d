# What the machine had left while tests ran: where it had too little, a failure is not the test's. Sourced, not run.
# shellcheck shell=bash

# watch_machine FILE: writes the extremes to the file every second, as long as this script runs.
watch_machine() {
    local free disk load now last gap=0 lowest='' emptiest='' highest=0
    read -r last _ </proc/uptime
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        read -r now _ </proc/uptime
        # In hundredths of a second; it is no more than 100 and a little where the machine is not held up.
        [ $((${now/./} - ${last/./})) -le $gap ] || gap=$((${now/./} - ${last/./}))
        last=$now
        free=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
        disk=$(df --output=avail -m . | tail -n 1)
        read -r load _ </proc/loadavg
        [ -n "$lowest" ] && [ "$free" -ge "$lowest" ] || lowest=$free
        [ -n "$emptiest" ] && [ "$disk" -ge "$emptiest" ] || emptiest=$((disk))
        [ "${load%.*}" -le "$highest" ] || highest=${load%.*}
        printf '%s processors; least memory %s MiB, least disk %s MiB, highest load %s, longest pause %s.%02d s\n' \
            "$(nproc)" "$lowest" "$emptiest" "$highest" $((gap / 100)) $((gap % 100)) >"$1"
    done
}
