import Basics

/// libvirt's host as ssh reaches it, for nodes that can be reached from there alone: libvirt's networks are its host's
/// own.
///
/// The words are those of libvirt's URIs (https://libvirt.org/uri.html), and ssh is run as libvirt runs it: with the
/// user's own configuration.
package struct SSHJump: Sendable, Hashable {
    /// `command=`: what is run as ssh.
    package var program = "ssh"
    /// Host to go through.
    package var host: String
    /// User on it; nil for ssh's own.
    package var user: String?
    /// Port; nil for ssh's own.
    package var port: Int?
    /// `keyfile=`: the private key; ssh's own choice without one.
    package var keyFile: String?
    /// `no_verify=1`: whatever key the host shows is taken.
    package var verifiesHost = true

    /// - Returns: nil for a URI that does not go through ssh.
    package init?(libvirtURI uri: String) {
        let (address, query) = Self.split(uri, at: "?")
        let (scheme, rest) = Self.split(address, at: ":")
        guard let transport = scheme.split(separator: "+").dropFirst().first, rest.hasPrefix("//"),
            ["ssh", "libssh", "libssh2"].contains(transport)
        else { return nil }
        let authority = rest.dropFirst(2).prefix { $0 != "/" }
        let at = authority.lastIndex(of: "@")
        user = at.map { PercentEncoding.decode(authority[..<$0]) }
        var place = at.map { authority[authority.index(after: $0)...] } ?? authority
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            host = String(place[..<end].dropFirst())
            place = place[place.index(after: end)...]
        } else {
            host = PercentEncoding.decode(place.prefix { $0 != ":" })
            place = place.drop { $0 != ":" }
        }
        port = Int(place.dropFirst())
        guard !host.isEmpty else { return nil }
        for pair in query.split(separator: "&") {
            let (name, value) = Self.split(String(pair), at: "=")
            switch name {
            case "command" where transport == "ssh": program = PercentEncoding.decode(value[...])
            case "keyfile": keyFile = PercentEncoding.decode(value[...])
            case "no_verify": verifiesHost = value == "0"
            default: break
            }
        }
    }

    /// Options of ssh without the host; it never prompts.
    package var options: [String] {
        // As long as libvirt's own connection has patience with a network that is away: 30 s.
        let alive = ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=6"]
        var options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10"] + alive + ["-e", "none"]
        if let user { options += ["-l", user] }
        if let port { options += ["-p", "\(port)"] }
        if let keyFile { options += ["-i", keyFile] }
        if !verifiesHost { options += ["-o", "StrictHostKeyChecking=no"] }
        return options
    }

    /// For ssh's `ProxyCommand`: a connection from libvirt's host to the node that ssh goes to.
    ///
    /// - Parameter controlPath: where a connection to libvirt's host may be that is there already.
    package func proxyCommand(controlPath: String?) -> String {
        let control = controlPath.map { ["-S", $0] } ?? []
        let words = ([program] + options + control).map(Self.quoted)
        return (words + ["-W", "%h:%p", "--", Self.quoted(host)]).joined(separator: " ")
    }

    /// A word for the shell, in which ssh puts nothing in for a `%`.
    private static func quoted(_ word: String) -> String {
        ShellWord.quoted(word).replacing("%", with: "%%")
    }

    private static func split(_ text: String, at separator: Character) -> (String, String) {
        guard let index = text.firstIndex(of: separator) else { return (text, "") }
        return (String(text[..<index]), String(text[text.index(after: index)...]))
    }
}
