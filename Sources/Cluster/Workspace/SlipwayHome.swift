import Basics
import FoundationEssentials
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// Slipway's own directory on this host: `$SLIPWAY_HOME`, or `/var/lib/slipway`; of users who may not write there,
/// `slipway` in their own `$XDG_DATA_HOME` or `~/.local/share`.
package enum SlipwayHome {
    private static let standard = "/var/lib/slipway"
    private static var standardPath: FilePath { FilePath(standard) }
    /// Directories closed to the host's other users: nodes' files keep the owners and modes they have on the node, and
    /// keys are there.
    private static let directories = [
        "clusters", "images", "keys", "certificates", "known_hosts", "discovery", "staging", "chaos", "snapshots",
    ]

    /// The directory's path.
    ///
    /// - Throws: ``UserError`` for one that cannot be meant: keys and nodes would be made wherever the command is run.
    package static func path(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        mayUseStandard: Bool = geteuid() == 0 || access(standard, W_OK) == 0,
    ) throws(UserError) -> FilePath {
        guard let text = environment["SLIPWAY_HOME"] else {
            return mayUseStandard ? FilePath(standard) : ownHome(environment) ?? FilePath(standard)
        }
        let advice = "give an absolute path, or unset it for \(standard), or ~/.local/share/slipway without root"
        guard !text.isEmpty else { throw UserError("SLIPWAY_HOME is set and empty; \(advice)") }
        guard text.hasPrefix("/") else {
            throw UserError("SLIPWAY_HOME is '\(text)', which is not absolute; \(advice)")
        }
        // ssh cannot take these in a path.
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !"\"\\$".unicodeScalars.contains($0) }) else {
            throw UserError("SLIPWAY_HOME must hold no quotes, backslashes, dollar signs or control characters")
        }
        return FilePath(text)
    }

    /// Directory of a user, by the XDG base directory specification; nil where there is no place for one.
    private static func ownHome(_ environment: [String: String]) -> FilePath? {
        let own = [environment["XDG_DATA_HOME"], environment["HOME"].map { "\($0)/.local/share" }].compactMap(\.self)
        return own.first { $0.hasPrefix("/") }.map { FilePath($0).appending("slipway") }
    }

    /// The directory's path, closed to other users: created so, and corrected where an earlier version left it open.
    package static func prepared() throws -> FilePath {
        let home = try path()
        // A user's ~/.local/share may not be there yet; what SLIPWAY_HOME names may be mistyped.
        if home != standardPath, ProcessInfo.processInfo.environment["SLIPWAY_HOME"] == nil {
            try FileManager.default.createDirectory(atPath: home.string, withIntermediateDirectories: true)
        }
        try protect(home)
        return home
    }

    /// Makes the home, and takes from other users what they may do in its directories.
    static func protect(_ home: FilePath) throws(UserError) {
        if mkdir(home.string, 0o755) != 0, errno == ENOENT {
            throw UserError("cannot make \(home): \(home.removingLastComponent()) does not exist")
        }
        for name in directories {
            let path = home.appending(name).string
            let isNew: Bool
            do throws(SystemFailure) {
                isNew = try Directories.make(path, mode: 0o700)
            } catch {
                throw failure("make \(path)", number: error.number)
            }
            if isNew { continue }
            // Of a link, that is where it leads: chmod(2) follows it as well.
            let permissions = (try? FileStatus(of: path))?.permissions ?? 0o777
            guard permissions & 0o077 != 0 else { continue }
            guard chmod(path, 0o700) == 0 else { throw failure("keep other users out of \(path)") }
        }
    }

    private static func failure(_ action: String, number: Int32 = errno) -> UserError {
        let reason = Errno(rawValue: number).description
        return UserError(
            "cannot \(action): \(reason)" + (geteuid() == 0 ? "" : " (you are not root; use sudo)"),
            isAboutHost: true
        )
    }
}
