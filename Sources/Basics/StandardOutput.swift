#if canImport(Glibc)
    @preconcurrency import Glibc
#else
    @preconcurrency import Darwin
#endif

/// Standard output as `print` writes to it: through a buffer of the C library's, whose errors `print` drops.
package enum StandardOutput {
    /// Makes the program end with 1, and say why, where some of its output was lost, as on a full disk. A reader that
    /// has gone away has what it wanted.
    package static func failWhenLost() {
        atexit {
            errno = 0
            guard fflush(stdout) != 0 || ferror(stdout) != 0, errno != EPIPE else { return }
            let reason = errno == 0 ? "" : ": \(String(cString: strerror(errno)))"
            fputs("cannot write the output\(reason)\n", stderr)
            _exit(1)
        }
    }
}
