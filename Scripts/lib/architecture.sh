# What depends on the processor's architecture, for shell scripts. Sourced by common.sh, not run. Programs have it from
# Sources/Basics/Architecture.swift, and a test compares both.
# shellcheck shell=bash disable=SC2034

# architecture NAME: sets what differs between architectures, by Debian's name for one.
#
#   qemu_architecture the name that libvirt, QEMU and `uname -m` have for it
#   kernel_package    Debian's kernel for virtual machines
#   emulator          QEMU's program, and the package of it
#   emulator_package
#   machine_type      the kind of machine it makes, with the first serial port as Linux calls it
#   console
#   processor         the processor to emulate, by QEMU's name; empty where its default runs every image
#   firmware_package  UEFI firmware, where machines start from no disk without it
architecture() {
    kernel_package=linux-image-cloud-$1
    case $1 in
    amd64)
        qemu_architecture=x86_64 emulator_package=qemu-system-x86
        machine_type=q35 console=ttyS0 processor='' firmware_package=''
        ;;
    arm64)
        qemu_architecture=aarch64 emulator_package=qemu-system-arm
        machine_type=virt console=ttyAMA0 processor=cortex-a57 firmware_package=qemu-efi-aarch64
        ;;
    *) return 1 ;;
    esac
    emulator=qemu-system-$qemu_architecture
}

# host_architecture: Debian's name for that of this host.
host_architecture() {
    dpkg --print-architecture 2>/dev/null && return
    case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
    esac
}
