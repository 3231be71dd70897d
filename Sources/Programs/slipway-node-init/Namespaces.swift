import Glibc

// glibc has these, but its headers show them only to C that asks for GNU extensions (or not at all).

/// CLONE_NEWNS of linux/sched.h.
let newMountNamespace: Int32 = 0x0002_0000
/// CLONE_NEWCGROUP of linux/sched.h.
let newCgroupNamespace: Int32 = 0x0200_0000

/// LINUX_REBOOT_CMD_RESTART of linux/reboot.h: in a container, its process 1 ends and its supervisor starts it again.
let restartCommand: Int32 = 0x0123_4567

@_silgen_name("reboot")
func systemReboot(_ command: Int32) -> Int32

@_silgen_name("unshare")
func unshare(_ flags: Int32) -> Int32

@_silgen_name("pivot_root")
func pivotRoot(_ newRoot: UnsafePointer<CChar>, _ putOld: UnsafePointer<CChar>) -> Int32
