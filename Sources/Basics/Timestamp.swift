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
}
