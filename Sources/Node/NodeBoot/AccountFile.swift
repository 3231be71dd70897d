/// Lines of `/etc/passwd` and its like, each of which begins with a name.
package struct AccountFile: Sendable {
    private struct Account {
        var name: Substring
        /// Number of the user or group; nil in files that have none.
        var number: Int?
        var line: Substring
    }

    private let accounts: [Account]

    /// Reads a file's text.
    package init(_ text: String) {
        accounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 1, !fields[0].isEmpty else { return nil }
            return Account(name: fields[0], number: fields.count > 2 ? Int(fields[2]) : nil, line: line)
        }
    }

    /// Lines of another file about names that this one lacks.
    package func missing(of other: AccountFile) -> [String] {
        let known = Set(accounts.map(\.name))
        return other.accounts.filter { !known.contains($0.name) }.map { String($0.line) }
    }

    /// Returns what is wrong with taking another file's accounts beside these: a name with two numbers, or a number with
    /// two names.
    package func conflict(with other: AccountFile) -> String? {
        let numbers = Dictionary(accounts.map { ($0.name, $0.number) }) { first, _ in first }
        let names = Dictionary(accounts.compactMap { account in account.number.map { ($0, account.name) } }) {
            first,
            _ in
            first
        }
        for account in other.accounts {
            guard let number = account.number else { continue }
            if let known = numbers[account.name] {
                guard known != number else { continue }
                return "'\(account.name)' has number \(known.map { "\($0)" } ?? "none"), and there \(number)"
            }
            if let owner = names[number] { return "number \(number) is '\(owner)', and there '\(account.name)'" }
        }
        return nil
    }
}
