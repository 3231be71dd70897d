import Glibc

/// The terminals on which somebody is logged in.
enum Terminals {
    /// Writes a line to each.
    ///
    /// - Returns: how many took it of those who came over the network. The console of a virtual machine does not count:
    ///   whoever holds the host is always logged in there.
    static func tell(_ line: String) -> Int {
        setutxent()
        defer { endutxent() }
        var count = 0
        while let entry = getutxent() {
            guard entry.pointee.ut_type == Int16(USER_PROCESS) else { continue }
            let name = withUnsafeBytes(of: entry.pointee.ut_line) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let terminal = open("/dev/\(name)", O_WRONLY | O_NONBLOCK | O_NOCTTY)
            guard terminal >= 0 else { continue }
            let text = Array("\r\n\(line)\u{7}\r\n".utf8)
            if write(terminal, text, text.count) > 0, name.hasPrefix("pts/") { count += 1 }
            close(terminal)
        }
        return count
    }
}
