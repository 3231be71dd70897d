#!/bin/sh
# Makes the node, and the containers that it starts from now on, ask the name server $1.

set -eu
echo "nameserver $1" >/etc/.resolv.conf.new
mv /etc/.resolv.conf.new /etc/resolv.conf
