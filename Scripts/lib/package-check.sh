# What is asked of a package before anybody gets it. Sourced by Scripts/package, not run.
# shellcheck shell=bash

# check_packages BUILD OUTPUT SCRATCH
check_packages() {
    local build=$1 output=$2 scratch=$3 file name
    command -v man >/dev/null || die "man is missing; run: apt-get install man-db"
    [ "$(id -u)" -eq 0 ] || die "--check hides this checkout from what it runs, which needs root"

    mkdir -p "$scratch/again"
    make_packages "$build" "$scratch/again" "$scratch/second"
    # Others may be of earlier versions.
    name=$(basename "$scratch/again"/slipway_*.deb .deb)
    for file in "$output/$name".deb "$output/$name".tar.gz; do
        cmp "$file" "$scratch/again/$(basename "$file")" || die "$file is not the same bytes when it is made again"
    done
    echo "made twice: the same bytes"

    command -v lintian >/dev/null || die "lintian is missing; run: apt-get install lintian"
    lintian --allow-root --fail-on error,warning "$output/$name".deb || die "lintian has findings"
    echo "lintian: no findings"

    mkdir "$scratch/deb" "$scratch/tar"
    # It is read where this checkout is hidden.
    cp Scripts/lib/package-check.sh "$scratch/check.sh"
    dpkg-deb --extract "$output/$name".deb "$scratch/deb"
    tar -xzf "$output/$name".tar.gz -C "$scratch/tar" --strip-components=1
    mkdir "$scratch/control"
    dpkg-deb --control "$output/$name".deb "$scratch/control"
    # These mounts, and what is removed below them, are of that shell's own.
    # shellcheck disable=SC2016 # that shell's own
    unshare --mount --propagation private bash -euo pipefail -c '. "$0" && "$@"' \
        "$scratch/check.sh" check_purge "$scratch/control/postrm" || die "purging the package leaves or takes too much"
    check_pages "$scratch/deb/usr/share/man/man1"
    check_materials "$scratch/deb/usr/share/doc/slipway/slipway.spdx.json"
    for file in "$scratch/deb/usr" "$scratch/tar"; do
        # shellcheck disable=SC2016 # that shell's own
        unshare --mount --propagation private bash -euo pipefail -c \
            'mount -t tmpfs none "$1" && cd / && shift && . "$0" && "$@"' \
            "$scratch/check.sh" "$PWD" check_prefix "$file" "$scratch/home" ||
            die "what is in $file does not run by itself"
    done
    echo "unpacked, and run without a checkout"
}

# check_purge POSTRM: in a namespace of its own, purging takes keys, images, timers and the pool, and leaves backups, what
# others made, and what is mounted; nothing goes as long as there are clusters.
check_purge() {
    local units=/etc/systemd/system home=/var/lib/slipway pool=/var/lib/libvirt/images/slipway stubs=/var/lib/stubs name
    local image
    image=image-$(printf 'a%.0s' {1..64}).raw
    mount -t tmpfs none /var/lib
    mount -t tmpfs none "$units"
    mkdir -p "$stubs" "$home"/{keys,images/root,clusters/demo,backups/demo} "$pool" "$units/timers.target.wants"
    for name in deb-systemd-helper deb-systemd-invoke systemctl; do ln -s /bin/true "$stubs/$name"; done
    printf '%s\n' '#!/bin/sh' 'case $* in *pool-uuid*) echo 70ea6a8a-e0c0-5ff6-8394-02075f75379f ;;' \
        "*pool-dumpxml*) echo '<path>$pool</path>' ;; *) echo \"\$*\" >>$stubs/calls ;; esac" >"$stubs/virsh"
    chmod +x "$stubs/virsh"
    mkdir "$home/disk"
    mount -t tmpfs none "$home/disk"
    touch "$home/keys/a" "$home/backups/demo/1" "$home/disk/mine" "$pool/$image"
    for name in timer service; do
        echo '# Made by slipway backup schedule, which also removes it.' >"$units/slipway-backup-demo.$name"
        echo '[Unit]' >"$units/slipway-backup-mine.$name"
    done
    ln -s ../slipway-backup-demo.timer "$units/timers.target.wants/"
    PATH=$stubs:$PATH sh "$1" purge 2>/dev/null
    for name in "$home/keys/a" "$pool/$image"; do
        [ -e "$name" ] || { echo "$name is gone, and there is a cluster" && return 1; }
    done
    rmdir "$home/clusters/demo"
    PATH=$stubs:$PATH sh "$1" purge 2>/dev/null
    diff <(printf '%s\n' "$units/slipway-backup-mine.service" "$units/slipway-backup-mine.timer" "$home/backups/demo/1" "$home/disk/mine") \
        <(find "$home" "$pool" "$units" ! -type d 2>/dev/null | sort)
    [ ! -e "$pool" ] && grep -q 'pool-undefine slipway' "$stubs/calls"
}

# check_materials FILE: every relation of the bill of materials leads to a package, and every pinned one is there.
check_materials() {
    python3 - "$1" <<'END'
import json, sys
bill, pins = json.load(open(sys.argv[1])), json.load(open("Package.resolved"))["pins"]
known = [package["SPDXID"] for package in bill["packages"]]
assert len(known) == len(set(known)), "a package is named twice"
related = [relation["relatedSpdxElement"] for relation in bill["relationships"]]
assert sorted(related) == sorted(known), "a package has no relation"
unlicensed = [p["name"] for p in bill["packages"] if "pkg:swift/" in str(p["externalRefs"]) and p["licenseDeclared"] == "NOASSERTION"]
assert not unlicensed, f"no license found: {unlicensed}"
missing = [p["identity"] for p in pins if f"SPDXRef-{p['identity']}" not in known]
assert set(missing) <= {"swift-custom-dump", "xctest-dynamic-overlay"}, f"not in the bill of materials: {missing}"
END
}

check_pages() { # directory
    local page said
    for page in "$1"/*.gz; do
        said=$(LC_ALL=C.UTF-8 man --warnings=w -l "$page" 2>&1 >/dev/null)
        [ -z "$said" ] || die "$page: $said"
    done
}

# check_prefix PREFIX HOME: runs what is installed below PREFIX, in an environment that knows nothing of it.
check_prefix() {
    local prefix=$1 slipway=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ SLIPWAY_HOME="$2" "$1/bin/slipway") name said
    said=$("${slipway[@]}" --version)
    [[ $said =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "--version says: $said"; return 1; }
    for name in laptop dev-test production; do
        "${slipway[@]}" validate "$prefix/share/slipway/$name.yaml" >/dev/null
        # By its name alone; its nodes are made of the node programs, which have to be found for that.
        said=$("${slipway[@]}" plan --offline "$name" --json) || [ $? -eq 2 ]
        [[ $said == *"\"cluster\" : \"$name\""* ]] || { echo "plan $name says: $said"; return 1; }
    done
    said=$("${slipway[@]}" render laptop core-1 2>&1) || { echo "$said"; return 1; }
    [[ $said == *"#cloud-config"* ]] || { echo "render says: $said"; return 1; }
    env -i "$prefix/bin/fleetctl" --version >/dev/null
    bash -n "$prefix/share/bash-completion/completions/slipway"
    [ -s "$prefix/share/fish/vendor_completions.d/slipway.fish" ]
}
