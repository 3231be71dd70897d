import Dispatch

extension Array where Element: Sendable {
    /// Results for all elements in their order, worked out by all processors at once: the keys and the configuration of
    /// one node do not depend on those of another, and a rack has a thousand.
    func mapInParallel<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        guard count >= Self.worthwhile else { return map(transform) }
        var parts = [[Result]](repeating: [], count: (count + Self.worthwhile - 1) / Self.worthwhile)
        parts.withUnsafeMutableBufferPointer { parts in
            // Each iteration writes its own part.
            nonisolated(unsafe) let parts = parts
            DispatchQueue.concurrentPerform(iterations: parts.count) { index in
                let start = index * Self.worthwhile
                parts[index] = self[start..<Swift.min(start + Self.worthwhile, count)].map(transform)
            }
        }
        return parts.flatMap { $0 }
    }

    /// Fewer are done before another processor has begun.
    private static var worthwhile: Int { 16 }
}
