/// Pauses that double from the shortest to the longest.
struct Backoff: Sendable {
    private let shortest: Duration
    private let longest: Duration
    private var pause: Duration

    init(from shortest: Duration, to longest: Duration) {
        (self.shortest, self.longest, pause) = (shortest, longest, shortest)
    }

    mutating func next() -> Duration {
        defer { pause = min(pause * 2, longest) }
        return pause
    }

    mutating func reset() {
        pause = shortest
    }
}
