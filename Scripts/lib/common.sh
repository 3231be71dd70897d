# Shell functions that the scripts share. Sourced, not run.
# shellcheck shell=bash

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# wait_until SECONDS WHAT CMD…: runs CMD until it succeeds.
wait_until() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || die "waited in vain for $what"
        sleep 0.03
    done
}

# need_root_or_sudo SCRIPT ARG…: goes on as root, or runs the script again by sudo, or says what needs it.
need_root_or_sudo() {
    [ "$(id -u)" -ne 0 ] || return 0
    if command -v sudo >/dev/null; then
        exec sudo --preserve-env=PATH,HOME,SLIPWAY_HOME,SLIPWAY_SANDBOX,http_proxy,https_proxy,no_proxy -- "$@"
    fi
    die "namespaces, libvirt and package installation need root, and there is no sudo; run as root: $*"
}
