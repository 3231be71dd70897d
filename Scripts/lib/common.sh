# Shell functions that the scripts share. Sourced, not run.
# shellcheck shell=bash

# usage: what a script's comment at its top says.
usage() { sed -n '2,/^set /{/^set \|^# shellcheck/d;s/^# \{0,1\}//;p}' "$0"; }

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# shellcheck source=Scripts/lib/architecture.sh
. "${BASH_SOURCE[0]%/*}/architecture.sh"
architecture "$(host_architecture)" || die "Slipway runs on amd64 and arm64, and this is $(host_architecture)"

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
        exec sudo --preserve-env=PATH,HOME,SLIPWAY,SLIPWAY_HOME,SLIPWAY_SANDBOX,SLIPWAY_LANES,SLIPWAY_SOAK,SLIPWAY_FUZZ_SECONDS,SLIPWAY_FUZZ_SEED,SLIPWAY_TEST_SEED,http_proxy,https_proxy,no_proxy -- "$@"
    fi
    die "namespaces, libvirt and package installation need root, and there is no sudo; run as root: $*"
}

# shellcheck disable=SC2034 # those who source this use them
# What building Slipway, making its image and running nodes needs, by the names Debian 12 and Ubuntu share.
build_packages=(binutils gcc g++ git gnupg libc6-dev libcurl4 libgcc-12-dev libpython3-dev libsqlite3-0
    libstdc++-12-dev libsystemd-dev libvirt-dev libxml2 libyaml-dev libz3-dev pkg-config tzdata unzip zlib1g-dev curl
    ca-certificates)
# shellcheck disable=SC2034
run_packages=(debian-archive-keyring dnsmasq-base e2fsprogs iproute2 iptables libvirt-clients libvirt-daemon
    libvirt-daemon-driver-lxc libvirt-daemon-driver-qemu libvirt-daemon-system mmdebstrap openssh-client
    bzip2 curl gpgv gzip "$emulator_package" qemu-utils xz-utils zstd)
[ -z "$firmware_package" ] || run_packages+=("$firmware_package")
# shellcheck disable=SC2034
package_packages=(dpkg-dev lintian man-db python3)
# shellcheck disable=SC2034
sandbox_packages=(busybox-static docker-registry)
# shellcheck disable=SC2034
test_packages=(chromium dbus mandoc pandoc shellcheck dropbear-bin etcd-client etcd-server
    python3-configobj python3-jinja2 python3-jsonpatch python3-jsonschema python3-requests python3-yaml)

# apt_install PACKAGE…: installs what is missing, once, and says so.
apt_install() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this needs apt (Debian 12 or Ubuntu); install the equivalents of: ${missing[*]}"
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "root is needed to install packages; run as root: apt-get install ${missing[*]}"
        sudo=(sudo)
    fi
    echo "installing ${missing[*]}"
    local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
    if ! "${sudo[@]}" "${quiet[@]}" install --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
        "${sudo[@]}" "${quiet[@]}" update >/dev/null
        "${sudo[@]}" "${quiet[@]}" install --no-install-recommends "${missing[@]}" >/dev/null ||
            die "apt-get could not install: ${missing[*]}"
    fi
    stop_new_services "${missing[@]}"
}

# Debian starts what it installs. The registry and etcd are needed as programs; no service of the host is wanted.
stop_new_services() { # the packages that were installed
    local package sudo=()
    [ -d /run/systemd/system ] || return 0
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    for package in "$@"; do
        case $package in
        docker-registry) "${sudo[@]}" systemctl --quiet disable --now docker-registry.service ;;
        etcd-server) "${sudo[@]}" systemctl --quiet disable --now etcd.service ;;
        esac
    done
}

# unpack_checkers: what reads cloud-init's and Ignition's texts, another discovery service, a docker client and
# Prometheus, for tests.
# Unpacked, not installed: they act on a host that boots with them.
unpack_checkers() {
    local target=.build/checkers part=.build/checkers.$$ sudo=() packages=(ignition cloud-init etcd-discovery docker.io prometheus)
    # Each has its directory there, or the list has become longer since.
    (cd "$target/usr/share/doc" 2>/dev/null && ls -d "${packages[@]}") >/dev/null 2>&1 && return 0
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    mkdir -p "$part/packages"
    if ! (cd "$part/packages" && apt-get -qq download "${packages[@]}" >/dev/null 2>&1); then
        "${sudo[@]}" apt-get -qq update >/dev/null
        (cd "$part/packages" && apt-get -qq download "${packages[@]}" >/dev/null) ||
            die "apt-get could not download: ${packages[*]}"
    fi
    local package
    for package in "$part"/packages/*.deb; do dpkg -x "$package" "$part"; done
    rm -rf "$part/packages" "$target"
    mv -T "$part" "$target"
}

swift_minimum=6.3
swift_release=6.3.1

# The directory name and the file name that swift.org uses for this system; empty where it offers no toolchain.
swift_platform() {
    local id version arch=
    # shellcheck source=/dev/null
    id=$(. /etc/os-release && echo "$ID") version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    [ "$qemu_architecture" = x86_64 ] || arch=-$qemu_architecture
    case $id-$version in
    debian-12) echo "debian12$arch debian12$arch" ;;
    ubuntu-22.04 | ubuntu-24.04) echo "ubuntu${version/./}$arch ubuntu$version$arch" ;;
        esac
}

# swift_is_new_enough: whether `swift` is on the path and at least swift_minimum.
swift_is_new_enough() {
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | sed -n 1p)
    [ -n "$version" ] && [ "$(printf '%s\n' "$swift_minimum" "$version" | sort -V | sed -n 1p)" = "$swift_minimum" ]
}

# ensure_swift: puts a Swift toolchain on the path; installs the official one to /opt/swift when there is none, after
# checking its signature with Swift's published keys.
ensure_swift() {
    [ ! -x /opt/swift/usr/bin/swift ] || case :$PATH: in *:/opt/swift/usr/bin:*) ;; *) PATH=$PATH:/opt/swift/usr/bin ;; esac
    ! swift_is_new_enough || return 0
    local platform
    platform=$(swift_platform)
    [ -n "$platform" ] || die "Swift $swift_minimum or later is missing; install it by https://www.swift.org/install/linux/"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        die "Swift is missing, and installing it to /opt/swift needs root; run this script as root, or as yourself: curl -fsSL https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz | tar -xz && ./swiftly init"
    install_swift "${platform% *}" "${platform#* }"
    PATH=/opt/swift/usr/bin:$PATH
    swift_is_new_enough || die "the installed Swift does not run; try: /opt/swift/usr/bin/swift --version"
}

install_swift() { # directory and file name of the platform
    local name=swift-$swift_release-RELEASE url scratch sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    url=https://download.swift.org/swift-$swift_release-release/$1/$name/$name-$2.tar.gz
    scratch=$(mktemp -d)
    echo "downloading Swift $swift_release for $2 (about 1 GB) from swift.org"
    if ! curl -fL --retry 3 -o "$scratch/swift.tar.gz" "$url" || ! curl -fsSL -o "$scratch/swift.tar.gz.sig" "$url.sig"; then
        rm -rf "$scratch"
        die "could not download $url"
    fi
    if ! verify_swift "$scratch"; then
        rm -rf "$scratch"
        die "the signature of $url is not one of Swift's; nothing was installed"
    fi
    "${sudo[@]}" mkdir -p /opt/swift
    "${sudo[@]}" tar -xzf "$scratch/swift.tar.gz" -C /opt/swift --strip-components=1
    rm -rf "$scratch"
}

verify_swift() { # directory with swift.tar.gz and its signature
    mkdir -m 0700 "$1/gnupg"
    curl -fsSL https://www.swift.org/keys/all-keys.asc | gpg --homedir "$1/gnupg" --quiet --import 2>/dev/null
    gpg --homedir "$1/gnupg" --quiet --verify "$1/swift.tar.gz.sig" "$1/swift.tar.gz" 2>/dev/null
}

# shellcheck disable=SC2034 # those who source this use them
# What a release consists of: slipway, and what runs on nodes that have no Swift.
release_programs=(slipway slipway-node slipway-etcd-proxy slipway-node-init)

# build_release PROGRAM…: a release build of these; nothing where they were built from the same sources.
build_release() {
    local program digest stale=()
    [ -e Package.resolved ] || swift package resolve
    digest=$(sources_digest)
    for program in "$@"; do
        if [ ! -x ".build/release/$program" ] || [ "$(built_from "$program")" != "$digest" ]; then stale+=("$program"); fi
    done
    case ${#stale[@]} in
    0) return ;;
    1) release_build --product "${stale[0]}" || return 1 ;;
    # All programs, side by side: one after the other takes longer, for each waits for its own slowest part.
    *) SLIPWAY_ONLY_PROGRAMS=1 release_build || return 1 ;;
    esac
    for program in "${stale[@]}"; do echo "$digest" >".build/release/.built-$program"; done
}

# release_build OPTION…: BoringSSL, which two packages bring along, is a third of the build. Its inner loops are
# assembly; with -O1 for the rest of its C and C++ it takes a seventh less.
release_build() {
    swift build -c release --static-swift-stdlib --explicit-target-dependency-import-check error -Xlinker -s -Xcc -O1 "$@"
}

built_from() { cat ".build/release/.built-$1" 2>/dev/null; } # program

# sources_digest: what a build is made from: the sources, the versions of dependencies, and the compiler.
sources_digest() {
    {
        find Sources Package.swift Package.resolved -type f -print0 2>/dev/null | LC_ALL=C sort -z | xargs -0 sha256sum
        swift --version 2>/dev/null
    } | sha256sum | cut -d' ' -f1
}

# host_libvirt_answers: whether this host's own libvirtd serves containers, started first where systemd can.
host_libvirt_answers() {
    ! virsh --quiet --connect lxc:///system list >/dev/null 2>&1 || return 0
    [ -d /run/systemd/system ] || return 1
    systemctl start libvirtd >/dev/null 2>&1 || systemctl start virtlxcd virtnetworkd >/dev/null 2>&1 || return 1
    virsh --quiet --connect lxc:///system list >/dev/null 2>&1
}
