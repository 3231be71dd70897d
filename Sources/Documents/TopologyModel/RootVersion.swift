import Diagnostics

/// A version of the root that container nodes run: the same recipe, made on some day with the packages of that day.
package struct RootVersion: Sendable, Hashable, Codable {
    /// Digest that names the root in the store of images.
    package var digest: String
    /// Time at which it was made, in seconds since 1970.
    package var made: Int64

    package init(digest: String, made: Int64) {
        self.digest = digest
        self.made = made
    }

    /// Day, in UTC, on which it was made: `2026-11-28`.
    package var day: String { CivilDay(seconds: made).description }

    /// Day, and the first digits of the digest, since a day may have several: `2026-11-28.1f0c22ab`.
    package var name: String { "\(day).\(digest.prefix(Self.shortest))" }

    /// Number of a digest's digits that may stand for all of them.
    private static let shortest = 8

    /// Returns whether a text, as a topology or a command line has it, means this version: by its name, its day, or its
    /// digest or the first digits of that.
    package func isMeant(by text: String) -> Bool {
        text == name || text == day || text == digest
            || (text.utf8.count >= Self.shortest && text.allSatisfy(\.isHexDigit)
                && digest.hasPrefix(text.lowercased()))
    }
}

extension RootVersion {
    /// The versions that a text means, newest first; of those of one day the newest alone.
    package static func meant(by text: String, among versions: [RootVersion]) -> [RootVersion] {
        let meant = versions.filter { $0.isMeant(by: text) }.sorted(by: >)
        return meant.first.map { $0.day == text ? [$0] : meant } ?? []
    }
}

extension RootVersion: Comparable {
    /// Older before newer.
    package static func < (first: RootVersion, second: RootVersion) -> Bool {
        (first.made, first.digest) < (second.made, second.digest)
    }
}

/// What a topology says of the root of its container nodes.
package enum RootChoice: Sendable, Hashable {
    /// Nothing: nodes keep theirs, and those that join them get the same.
    case kept
    /// The newest one that the host has, at each `up`.
    case newest
    /// The version that a text means.
    case version(String, location: SourceLocation?)
}

/// A day of the Gregorian calendar.
struct CivilDay: Sendable, Hashable, CustomStringConvertible {
    private let year: Int64
    private let month: Int64
    private let day: Int64

    /// - Parameter seconds: since 1970, in UTC.
    init(seconds: Int64) {
        // Days since the first of March of the year 0: years that begin in March have their leap day last. An era is
        // 400 years, after which the calendar repeats itself.
        let days = Int64((Double(seconds) / 86_400).rounded(.down)) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var description: String { "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)" }
}
