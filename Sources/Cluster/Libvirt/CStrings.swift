import CLibvirt

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Copies a string that libvirt allocated, and frees it.
func takeString(_ text: UnsafeMutablePointer<CChar>) -> String {
    defer { free(text) }
    return String(cString: text)
}

/// Takes over an array of handles that libvirt allocated, and frees the array.
func takeHandles(_ list: UnsafeMutablePointer<OpaquePointer?>?, count: Int32) -> [OpaquePointer] {
    guard let list else { return [] }
    defer { free(list) }
    return UnsafeBufferPointer(start: list, count: Int(count)).compactMap(\.self)
}
