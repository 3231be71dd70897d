/// Pauses that double from the shortest to the longest. Each is cut by up to a half at random, so that those who lost
/// the same thing at the same moment do not all ask again at the same moment.
struct Backoff: Sendable {
    private let shortest: Duration
    private let longest: Duration
    private var pause: Duration

    init(from shortest: Duration, to longest: Duration) {
        (self.shortest, self.longest, pause) = (shortest, longest, shortest)
    }

    /// - Parameter part: of the pause that is taken.
    mutating func next(_ part: Double = .random(in: 0.5...1)) -> Duration {
        defer { pause = min(pause * 2, longest) }
        return pause * part
    }

    mutating func reset() {
        pause = shortest
    }
}
