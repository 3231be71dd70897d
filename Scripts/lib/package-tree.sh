# What the package and the tarball hold. Sourced by Scripts/package, not run.
# shellcheck shell=bash

# Programs that run on nodes. One of them is fleetctl as well, which is used from this host, too.
node_programs=(slipway-node slipway-etcd-proxy slipway-node-init)

# make_packages BUILD OUTPUT SCRATCH: both files, from the programs in BUILD.
make_packages() {
    local build=$1 output=$2 scratch=$3 version architecture name pack=(-Zxz -z1) level=6
    # Three times as large, and thrown away.
    [[ $build != */debug ]] || pack=(-Zgzip -z1) level=1
    version=$("$build/slipway" --version)
    architecture=$(host_architecture)
    name=slipway_${version}_$architecture
    mkdir -p "$scratch/deb" "$scratch/$name"
    package_tree "$build" "$scratch/$name" share/zsh/site-functions share/doc/slipway
    package_tree "$build" "$scratch/deb/usr" share/zsh/vendor-completions share/doc/slipway
    debian_tree "$scratch/deb" "$version" "$architecture"
    # What several threads pack depends on their number.
    dpkg-deb --root-owner-group --threads-max=1 "${pack[@]}" --build "$scratch/deb" "$output/$name.deb" >/dev/null
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu \
        -C "$scratch" -c "$name" | gzip "-$level" -n >"$output/$name.tar.gz"
}

# package_tree BUILD PREFIX ZSH DOC: what a prefix such as /usr or /opt/slipway gets.
package_tree() {
    local build=$1 prefix=$2 zsh=$3 doc=$4 program
    mkdir -p "$prefix"/{bin,lib/slipway,share/slipway,share/man/man1,"$zsh","$doc"} \
        "$prefix"/share/{bash-completion/completions,fish/vendor_completions.d}
    install -m 0755 "$build/slipway" "$prefix/bin/"
    # The node programs have no symbols already, and stay the bytes that were built.
    strip "$prefix/bin/slipway"
    for program in "${node_programs[@]}"; do install -m 0755 "$build/$program" "$prefix/lib/slipway/"; done
    ln -s ../lib/slipway/slipway-node "$prefix/bin/fleetctl"
    cp -r Topologies/. "$prefix/share/slipway/"
    cp -r Sources/Documentation/monitoring "$prefix/share/slipway/"
    # It is read, not run.
    "$build/slipway" --generate-completion-script bash | sed '1{/^#!/d}' >"$prefix/share/bash-completion/completions/slipway"
    "$build/slipway" --generate-completion-script zsh >"$prefix/$zsh/_slipway"
    "$build/slipway" --generate-completion-script fish >"$prefix/share/fish/vendor_completions.d/slipway.fish"
    for program in "$build/slipway" "$prefix/bin/fleetctl"; do
        "$program" --experimental-dump-help |
            python3 Scripts/lib/man-pages.py "$prefix/share/man/man1" "$("$build/slipway" --version)" "$SOURCE_DATE_EPOCH"
    done
    cp Sources/Documentation/*.md "$prefix/$doc/"
    rm "$prefix/$doc/README.md"
    copyright >"$prefix/$doc/copyright"
    bill_of_materials "$build" "$prefix" >"$prefix/$doc/slipway.spdx.json"
    changelog "$("$build/slipway" --version)" | gzip -9n >"$prefix/$doc/changelog.gz"
    gzip -9n "$prefix"/share/man/man1/*.1
    find "$prefix" -type f ! -perm -u+x -exec chmod 0644 {} +
}

# The licenses of what is linked in, as their authors wrote them.
copyright() {
    local directory file
    printf 'Slipway, made by its maintainers. Its sources state no license.\n\nIts programs are linked with the Swift'
    printf ' runtime and Foundation (Copyright Apple Inc. and the Swift\nproject authors, Apache License 2.0 with Runtime'
    printf ' Library Exception; the license is in\n/usr/share/common-licenses/Apache-2.0), and with these:\n'
    for directory in .build/checkouts/*/; do
        for file in "$directory"LICENSE* "$directory"NOTICE*; do
            [ -f "$file" ] || continue
            printf '\n---- %s: %s\n\n' "$(basename "$directory")" "$(basename "$file")"
            # The Apache License stands in Debian once.
            if grep -q 'Apache License' "$file" && grep -q 'Version 2.0' "$file" && [[ $file == *LICENSE* ]]; then
                printf 'Apache License 2.0, see /usr/share/common-licenses/Apache-2.0\n'
                sed -n '/Runtime Library Exception/,$p' "$file"
            else
                tr -d '\r' <"$file"
            fi
        done
    done
    printf '\n---- libyaml\n\n'
    cat /usr/share/doc/libyaml-dev/copyright
}

changelog() { # version
    printf 'slipway (%s) unstable; urgency=medium\n\n  * Commit %s.\n\n -- %s  %s\n' "$1" \
        "$(git -c safe.directory='*' log -1 --format=%h)" "$(maintainer)" "$(date -R -u -d "@$SOURCE_DATE_EPOCH")"
}

maintainer() { echo "${DEBFULLNAME:-Slipway maintainers} <${DEBEMAIL:-$(git -c safe.directory='*' log -1 --format=%ae)}>"; }

# debian_tree ROOT VERSION ARCHITECTURE: what dpkg alone needs, beside ROOT/usr.
debian_tree() {
    local root=$1 file
    mkdir -p "$root/DEBIAN" "$root/usr/lib/systemd/system"
    install -m 0644 Scripts/lib/package/slipway-discovery.service "$root/usr/lib/systemd/system/"
    install -D -m 0644 Scripts/lib/package/lintian-overrides "$root/usr/share/lintian/overrides/slipway"
    for file in postinst prerm postrm; do install -m 0755 "Scripts/lib/package/$file" "$root/DEBIAN/"; done
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    control "$@" >"$root/DEBIAN/control"
    chmod 0644 "$root/DEBIAN/md5sums" "$root/DEBIAN/control"
    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# Debian 12 and 13 and Ubuntu call all of these the same. Containers need the first list; the second adds virtual
# machines and images from elsewhere.
control() { # root, version, architecture
    local virtual_machines
    # shellcheck disable=SC2154 # architecture sets them
    virtual_machines=$(architecture "$3" && echo "${firmware_package:+$firmware_package, }$emulator_package")
    cat <<END
Package: slipway
Version: $2
Architecture: $3
Maintainer: $(maintainer)
Installed-Size: $(du -k -s --apparent-size "$1/usr" | cut -f1)
Depends: $(library_depends "$1/usr"), debian-archive-keyring, dnsmasq-base, iproute2, iptables, libvirt-clients, libvirt-daemon-driver-lxc, libvirt-daemon-system, mmdebstrap, openssh-client
Recommends: bzip2, curl, e2fsprogs, gpgv, libvirt-daemon-driver-qemu, $virtual_machines, qemu-utils, xz-utils, zstd
Suggests: docker.io, etcd-client
Section: admin
Priority: optional
Description: CoreOS-style clusters on libvirt, from a file
 Slipway plans and brings up clusters of Linux nodes that run systemd, etcd,
 fleet and Docker, as libvirt containers or virtual machines, from one
 topology file. It scales, replaces and reboots nodes without losing etcd's
 majority, and removes every trace again.
END
}

# bill_of_materials BUILD PREFIX: what the programs are made of, in SPDX.
bill_of_materials() {
    local libraries
    mapfile -t libraries < <(library_depends "$2" | sed 's/, /\n/g')
    python3 Scripts/lib/sbom.py Package.resolved .build/checkouts "$("$1/slipway" --version)" \
        "$(swiftc --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9.]+).*/\1/p')" \
        "$(dpkg-query -W -f '${Version}' libyaml-dev)" "$SOURCE_DATE_EPOCH" "${libraries[@]}"
}

# library_depends PREFIX: what the programs of this host are linked with, and from which version on.
library_depends() {
    local work
    work=$(mktemp -d)
    mkdir "$work/debian"
    printf 'Source: slipway\n\nPackage: slipway\nArchitecture: any\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O "$1/bin/slipway" "$1/lib/slipway/slipway-node" 2>/dev/null) | sed 's/^shlibs:Depends=//'
    rm -r "$work"
}
