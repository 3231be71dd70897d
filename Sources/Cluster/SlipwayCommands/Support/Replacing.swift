import FoundationEssentials
import Workspace

#if canImport(Glibc)
    import Glibc
#endif

/// Becomes another program, which then has the terminal, the signals and the exit code to itself.
enum Replacing {
    /// - Throws: when there is no such program; otherwise it does not return.
    static func exec(_ program: String, _ arguments: [String]) throws -> Never {
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        execvp(program, &words)
        let reason = String(cString: strerror(errno))
        for word in words { free(word) }
        throw UserError("\(program) cannot be started: \(reason)")
    }
}
