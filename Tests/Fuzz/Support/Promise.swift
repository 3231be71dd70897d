/// Traps, and says why, when something that always has to hold does not; also in optimized code, unlike `precondition`.
func promise(_ holds: Bool, _ otherwise: @autoclosure () -> String) {
    if !holds { fatalError(otherwise()) }
}

/// The text that the fuzzer made up.
func fuzzedText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> String {
    String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
}
