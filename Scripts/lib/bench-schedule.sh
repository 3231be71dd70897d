#!/usr/bin/env bash
# How long the scheduler takes, in this process and without nodes: everything placed, one machine lost, nothing to do.
#
#   Scripts/bench schedule [--runs N] [--json]
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
top=${self%/Scripts/*}
case ${1:-} in -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$self" && exit 0 ;; esac
program=$top/.build/release/schedule-bench
[ -x "$program" ] || { echo "bench: $program is not built yet; run Scripts/quickstart" >&2 && exit 1; }
echo "bench: $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)" >&2
exec "$program" "$@"
