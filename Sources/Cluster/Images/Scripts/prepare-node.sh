#!/bin/sh
# Before the cloud-config is applied: makes the node, as the image has it, what units of CoreOS's days expect. All of it
# may be done again at every boot. Many nodes boot at once, so what the shell can do itself starts no program.

set -eu

# An environment file as the image has it asks for etcdctl's version 3.
if {
    read -r first && [ "$first" = LANG=C.UTF-8 ] && read -r second && [ "$second" = ETCDCTL_API=3 ] && ! read -r third
} </etc/environment && [ -z "$third" ]; then
    echo LANG=C.UTF-8 >/etc/environment
fi

[ -d /run/flannel ] || mkdir -p /run/flannel /run/slipway

# Masked in the image, it would keep units from starting that require it. In containers the node programs bring it.
unit=/etc/systemd/system/systemd-networkd-wait-online.service
if [ -L $unit ] && [ -c $unit ]; then
    ln -sf /usr/lib/slipway/systemd-networkd-wait-online.service $unit
    systemctl daemon-reload
fi

# The node's etcdctl is laid over the distribution's, which is at /run/slipway/etcdctl from then on, unless the package
# manager diverted that or it is done already.
program=/usr/bin/etcdctl
if [ -x $program ] && [ ! -e /usr/lib/slipway/etcdctl.distrib ] && [ ! -e /run/slipway/etcdctl ]; then
    [ -d /run/slipway ] || mkdir /run/slipway
    : >/run/slipway/etcdctl
    # Not shared: what is laid over the program would be laid over this one, too, and call itself for ever.
    mount --bind --make-private $program /run/slipway/etcdctl
    mount --bind /usr/lib/slipway/etcdctl $program
fi
