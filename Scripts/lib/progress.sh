# Stages that a person waits for: a line each, with the time that it took. Sourced, not run; needs common.sh.
# shellcheck shell=bash

# show_stage TITLE CMD…: runs CMD and keeps what it says in a log; on a terminal, shows how far it is. A failure shows the
# log's end, and ends the script.
show_stage() {
    local title=$1 began=$SECONDS log rc
    shift
    mkdir -p .build/logs
    log=.build/logs/${title//[\/ ]/-}.log
    # A function that is tested for success, as by `||`, would go on after a failure, whatever `set -e` says.
    set +e
    (set -e; "$@") 2>&1 </dev/null | follow_stage "$title" "$log"
    rc=$?
    set -e
    if [ $rc -ne 0 ]; then
        printf '%-48s failed after %s s\n' "$title" $((SECONDS - began)) >&2
        tail -n 30 "$log" >&2
        die "the whole output is in $log"
    fi
    printf '%-48s %5s s\n' "$title" $((SECONDS - began))
}

# follow_stage TITLE LOG: standard input into the log. A line that counts, as `[12/345] …` does, moves a bar; what is said
# otherwise is shown as it is.
follow_stage() {
    local title=$1 log=$2 line width
    : >"$log"
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [ -t 1 ] || continue
        width=$(($(tput cols 2>/dev/null || echo 80) - ${#title} - 2))
        if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] && [ "${BASH_REMATCH[2]}" -gt 0 ]; then
            line=$(bar "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
        fi
        [ "$width" -lt 10 ] || printf '\r\033[K%s: %s' "$title" "${line:0:width}"
    done
    [ ! -t 1 ] || printf '\r\033[K'
}

bar() { # done, of
    local full=$(($1 * 20 / $2)) hashes='####################' dots='....................'
    printf '%s%s %s of %s' "${hashes:0:full}" "${dots:full}" "$1" "$2"
}
