#!/bin/sh
# Says to fleetd that the unit $1 is found at the address of its container $2, once that has one, for the cluster's names:
#     ExecStartPost=-/usr/lib/slipway/announce-address %n CONTAINER
# systemd calls the unit active when this has ended, so that its name never leads to another address before.

set -eu
unit=$1 container=$2
while :; do
    question='{{.State.Running}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'
    answer=$(docker inspect --format "$question" "$container" 2>/dev/null) || answer=''
    # shellcheck disable=SC2086 # words: whether it runs, and addresses
    set -- $answer
    [ $# -lt 2 ] || break
    # As with --network host: the node's address is the unit's.
    [ "${1:-}" != true ] || { echo "container $container has no address of its own" >&2 && exit 1; }
    # The container may first have to be fetched. Without its unit's program there will be none.
    [ -z "${MAINPID:-}" ] || kill -0 "$MAINPID" 2>/dev/null || { echo "$unit has ended" >&2 && exit 1; }
    sleep 0.2
done
mkdir -p /run/fleet/addresses
echo "$2" >"/run/fleet/addresses/.$unit"
mv "/run/fleet/addresses/.$unit" "/run/fleet/addresses/$unit"
