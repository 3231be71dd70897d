#!/bin/sh
# Prints a line for each package of Debian's security archive, by the lists that apt has in the root $1: name and version.
# It runs on the host while the root is made, and is no part of what names it.

set -eu
for list in "$1"/var/lib/apt/lists/*-security_*_Packages*; do
    [ -e "$list" ] || continue
    chroot "$1" /usr/lib/apt/apt-helper cat-file "/var/lib/apt/lists/${list##*/}"
done | awk '$1 == "Package:" { name = $2 } $1 == "Version:" { print name, $2 }'
