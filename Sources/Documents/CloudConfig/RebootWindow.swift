import Basics

/// A recurring time in which a node may reboot, as locksmith writes it: `window_start: Thu 04:00` and
/// `window_length: 1h30m`.
package struct RebootWindow: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Days of the week as locksmith abbreviates them.
    package static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    private static let secondsInDay = 86_400

    /// The day it opens, as in ``days``; nil for every day.
    package var day: String?
    /// Seconds after midnight at which it opens.
    package var start: Int
    /// Seconds for which it stays open.
    package var length: Int

    /// Nil for what is no such time, and for a length of less than a second.
    ///
    /// - Parameters:
    ///   - start: `Thu 04:00` or `4:0`.
    ///   - length: a duration as Go's `time.ParseDuration` reads it: `1h30m`.
    package init?(start: String, length: String) {
        let words = start.split(separator: " ")
        guard let clock = words.last?.split(separator: ":"), words.count <= 2, clock.count == 2,
            let hour = Int(clock[0]), let minute = Int(clock[1]), (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        if words.count == 2 {
            guard let day = Self.days.first(where: { $0.lowercased() == words[0].lowercased() }) else { return nil }
            self.day = day
        }
        guard let length = Self.seconds(of: length), length >= 1 else { return nil }
        self.start = (hour * 60 + minute) * 60
        self.length = length
    }

    /// Time of day at which it opens: `04:00`.
    package var time: String {
        [start / 3600, start / 60 % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }

    /// Whole minutes for which it stays open.
    package var minutes: Int { length / 60 }

    package var description: String { "\(day ?? "every day") \(time) for \(length.inClockWords)" }

    /// Returns the seconds until it opens; 0 while it is open.
    ///
    /// - Parameter now: seconds since Monday 00:00 by the node's clock, in its time zone.
    package func wait(at now: Int) -> Int {
        let weekday = day.flatMap(Self.days.firstIndex)
        let period = weekday == nil ? Self.secondsInDay : 7 * Self.secondsInDay
        let opening = (weekday ?? 0) * Self.secondsInDay + start
        let since = (now - opening) % period
        let open = since < 0 ? since + period : since
        return open < length ? 0 : period - open
    }

    private static func seconds(of length: String) -> Int? {
        guard let total = GoDuration.seconds(length) else { return nil }
        // A year is more than any window: what comes after cannot overflow.
        return Int(max(-1, min(total, 366 * 86_400)))
    }
}

extension Int {
    /// Seconds as `1h30m`, without what is zero.
    fileprivate var inClockWords: String {
        let parts = [(self / 3600, "h"), (self / 60 % 60, "m"), (self % 60, "s")]
        return parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
    }
}
