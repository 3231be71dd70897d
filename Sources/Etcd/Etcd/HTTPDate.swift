#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Times as HTTP has them: `Sun, 29 Nov 2026 16:05:12 GMT`. https://www.rfc-editor.org/rfc/rfc9110#field.date
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// This host's time, in seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Seconds since 1970; nil for anything else.
    package static func seconds(_ text: String) -> Int64? {
        let words = text.split { $0 == " " || $0 == ":" }
        guard words.count == 8, words[7] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let numbers = [words[1], words[3], words[4], words[5], words[6]].compactMap { Int32($0) }
        guard numbers.count == 5 else { return nil }
        var parts = tm()
        (parts.tm_mday, parts.tm_mon, parts.tm_year) = (numbers[0], Int32(month), numbers[1] - 1900)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[2], numbers[3], numbers[4])
        return Int64(timegm(&parts))
    }

    /// Seconds by which a server's clock is ahead, at least: its time has no fractions, and was taken at any moment of the
    /// exchange.
    ///
    /// - Parameters:
    ///   - date: by the server.
    ///   - asked: by this host, as is `answered`.
    /// - Returns: negative for one behind, and zero where it may be the same.
    package static func ahead(_ date: Int64, asked: Double, answered: Double) -> Double {
        let date = Double(date)
        if date > answered { return date - answered }
        return date + 1 < asked ? date + 1 - asked : 0
    }
}
