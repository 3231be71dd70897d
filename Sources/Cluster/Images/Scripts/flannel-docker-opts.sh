#!/bin/sh
# Says to Docker what flanneld has written: the bridge's address, the largest packet, and whether Docker has to hide
# containers' addresses. Runs whenever flanneld has started.

set -eu
# shellcheck disable=SC1090 # flanneld's file
. "${FLANNELD_SUBNET_FILE:-/run/flannel/subnet.env}"
options=/run/flannel/flannel_docker_opts.env
# shellcheck disable=SC2153 # of the file
case $FLANNEL_IPMASQ in
true) masquerade=false ;;
*) masquerade=true ;;
esac
wanted="DOCKER_OPT_BIP=\"--bip=$FLANNEL_SUBNET\"
DOCKER_OPT_IPMASQ=\"--ip-masq=$masquerade\"
DOCKER_OPT_MTU=\"--mtu=$FLANNEL_MTU\""
[ "$wanted" != "$(cat $options 2>/dev/null)" ] || exit 0
echo "$wanted" >$options.new
mv $options.new $options
# A Docker that runs by now has another bridge.
if systemctl --quiet is-active docker.service; then systemctl --no-block try-restart docker.service; fi
