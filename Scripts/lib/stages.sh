# Stages of a test run: each is timed, and one that fails does not keep the others from running. Sourced, not run.
# shellcheck shell=bash

stage_times=() stage_failures=()
declare -A stage_process stage_began

# stage NAME CMD…: runs CMD, which is not to change this shell, and shows and keeps what it says.
stage() {
    local name=$1 began=$SECONDS rc=0
    shift
    printf '\n==> %s (at %ss)\n' "$name" "$SECONDS"
    # A function that is tested for success would go on after a failure, whatever `set -e` says.
    (set -e; "$@") > >(tee "$(stage_log "$name")") 2>&1 &
    wait $! || rc=$?
    note_stage "$name" $((SECONDS - began)) $rc
}

# begin_stage NAME CMD…: the same beside what follows; end_stage shows what it said.
begin_stage() {
    local name=$1
    shift
    printf '\n==> %s begins (at %ss)\n' "$name" "$SECONDS"
    stage_began[$name]=$SECONDS
    (
        rc=0
        # Left of `||`, or in an `if`, `set -e` would do nothing.
        (set -e; "$@") &
        wait $! || rc=$?
        echo "$SECONDS" >"$(stage_log "$name").end"
        exit $rc
    ) >"$(stage_log "$name")" 2>&1 &
    stage_process[$name]=$!
}

end_stage() { # name
    local rc=0
    wait "${stage_process[$1]}" || rc=$?
    printf '\n==> %s (ends at %ss)\n' "$1" "$SECONDS"
    cat "$(stage_log "$1")"
    note_stage "$1" $(($(cat "$(stage_log "$1").end") - stage_began[$1])) $rc
}

stage_log() { echo ".build/test-logs/${1// /-}.log"; }

note_stage() { # name, seconds, exit code
    local outcome=passed
    if [ "$3" -ne 0 ]; then
        outcome=FAILED
        stage_failures+=("$1")
    fi
    stage_times+=("$(printf '%6ss  %s %s' "$2" "$1" "$outcome")")
    echo "$1: $outcome after $2s"
}

# require_stages: ends here where one has failed that all others need.
require_stages() { [ ${#stage_failures[@]} -eq 0 ] || [[ " ${stage_failures[*]} " == " Lint " ]] || finish_stages; }

# finish_stages: says what took how long and what failed, and ends the script.
finish_stages() {
    slowest_tests
    printf '\n==> Stages\n'
    printf '%s\n' "${stage_times[@]}"
    printf '%6ss  in all\n' "$SECONDS"
    [ ! -s .build/test-logs/machine.txt ] || sed 's/^/the machine: /' .build/test-logs/machine.txt
    [ ${#stage_failures[@]} -gt 0 ] || exit 0
    printf 'FAILED: %s\n' "${stage_failures[@]}"
    [ ! -s .build/test-logs/nodes/failed ] || sed 's/^/    /' .build/test-logs/nodes/failed
    failed_expectations
    exit 1
}

# failed_expectations: what each failed test found, last of all: of a long log its end is what is looked at, or kept. Of a
# stage that failed without a test's failure, how its log ends.
failed_expectations() {
    local log stage
    for stage in "${stage_failures[@]}"; do
        log=$(stage_log "$stage")
        if [ ! -s "$log" ] || grep -q 'recorded an issue' "$log"; then continue; fi
        echo "    $stage:"
        tail -n 40 "$log" | cut -c 1-300 | sed 's/^/        /'
    done
    for log in .build/test-logs/*.log .build/test-logs/nodes/*.log; do
        [ -e "$log" ] || continue
        awk -v file="$log" '
            /recorded an issue/ { issues++; left = 12 }
            /^(◇|✔) / { left = 0 }
            left > 0 && issues <= 3 { left--; print "    " substr($0, 1, 400) }
            END { if (issues > 3) printf "    and %d more in %s\n", issues - 3, file }' "$log"
    done
}

# What Swift Testing says of each test that has ended, whatever it is called.
slowest_tests() {
    local logs=() log
    for log in .build/test-logs/Tests-without-nodes.log .build/test-logs/nodes/*.log; do
        [ ! -e "$log" ] || logs+=("$log")
    done
    [ ${#logs[@]} -gt 0 ] || return 0
    printf '\n==> The ten slowest tests\n'
    # awk takes all that it is given: a `head` that ends early would end sort, and this script, by SIGPIPE.
    sed -nE 's/^[✔✘] Test (run.*|case.*)$//; s/^[✔✘] Test (.*) (passed|failed) after ([0-9.]+) seconds.*/\3 \1/p' \
        "${logs[@]}" | sort -rn | awk 'NR <= 10 { $1 = sprintf("%8.1fs ", $1); print }'
}
