import Glibc

/// Points in time as text.
package enum Timestamp {
    /// Time in UTC as ISO 8601: `2026-11-29T16:05:12Z`.
    ///
    /// - Parameter time: in seconds since 1970.
    package static func text(_ time: Int64) -> String {
        var seconds = time_t(time)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(day)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }

    /// Seconds since 1970 of what ``text(_:)`` wrote; nil for anything else.
    package static func seconds(_ text: String) -> Int64? {
        let numbers = text.split { !("0"..."9").contains($0) }.compactMap { Int32($0) }
        guard numbers.count == 6 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        let time = Int64(timegm(&parts))
        return self.text(time) == text ? time : nil
    }
}
