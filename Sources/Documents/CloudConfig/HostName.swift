/// Host names as systemd-hostnamed takes them.
package enum HostName {
    /// The most characters that Linux allows.
    private static let limit = 64

    /// The text without what no host name may have: letters, digits, `-` and `.` stay, neither of the latter at an end
    /// or beside a dot. Empty where nothing is left.
    package static func valid(_ text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars where name.utf8.count < limit {
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": name.unicodeScalars.append(scalar)
            case "-" where !name.isEmpty && name.last != ".": name += "-"
            case "." where !name.isEmpty && name.last != "." && name.last != "-": name += "."
            default: break
            }
        }
        while name.last == "-" || name.last == "." { name.removeLast() }
        return name
    }
}
