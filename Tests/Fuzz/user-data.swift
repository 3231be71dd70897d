// instruments: CloudConfig LocatedYAML CloudConfigLoading CloudInit
import Basics
import CloudConfig
import CloudConfigLoading
import CloudInit

/// Any bytes: their kind is told, they are unpacked or refused in words, and addresses are put into them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    _ = UserDataKind(bytes)
    promise((try? Base64.decode(Base64.encode(bytes).utf8)) == bytes, "base64 is read as other bytes")
    do {
        let content = try Gzip.decompress(bytes, limit: 1 << 20)
        promise(content.count <= 1 << 20, "more is unpacked than allowed")
    } catch {
        promise(!error.description.isEmpty, "a refusal without words")
    }
    let text = fuzzedText(start, count)
    let same = NodeAddresses(
        publicIPv4: "$public_ipv4",
        privateIPv4: "$private_ipv4",
        publicIPv6: "$public_ipv6",
        privateIPv6: "$private_ipv6",
    )
    let (replaced, unknown) = Substitution.apply(text, same)
    promise(unknown.isEmpty, "an address that is known is called unknown")
    // Bytes, not characters: a backslash may be one character with an accent after it.
    let isEscaped = text.utf8.contains(UInt8(ascii: "\\"))
    promise(isEscaped || replaced.utf8.elementsEqual(text.utf8), "more than addresses is replaced")
    return 0
}
