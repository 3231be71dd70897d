// glibc has these, but its headers show them only to C that asks for GNU extensions, or are not in Swift's module of it.

/// SEEK_DATA of unistd.h.
let seekData: Int32 = 3
/// SEEK_HOLE of unistd.h.
let seekHole: Int32 = 4
/// FICLONE of linux/fs.h.
let cloneFile: UInt = 0x4004_9409

@_silgen_name("syncfs")
func syncfs(_ descriptor: Int32) -> Int32

@_silgen_name("flistxattr")
func flistxattr(_ descriptor: Int32, _ list: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int

@_silgen_name("llistxattr")
func llistxattr(_ path: UnsafePointer<CChar>, _ list: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int

@_silgen_name("fgetxattr")
func fgetxattr(
    _ descriptor: Int32,
    _ name: UnsafePointer<CChar>,
    _ value: UnsafeMutableRawPointer?,
    _ size: Int
) -> Int

@_silgen_name("lgetxattr")
func lgetxattr(
    _ path: UnsafePointer<CChar>,
    _ name: UnsafePointer<CChar>,
    _ value: UnsafeMutableRawPointer?,
    _ size: Int
) -> Int

@_silgen_name("fsetxattr")
func fsetxattr(
    _ descriptor: Int32,
    _ name: UnsafePointer<CChar>,
    _ value: UnsafeRawPointer?,
    _ size: Int,
    _ flags: Int32
) -> Int32

@_silgen_name("lsetxattr")
func lsetxattr(
    _ path: UnsafePointer<CChar>,
    _ name: UnsafePointer<CChar>,
    _ value: UnsafeRawPointer?,
    _ size: Int,
    _ flags: Int32
) -> Int32
