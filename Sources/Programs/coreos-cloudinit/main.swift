import Basics
import CloudInit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Sendable func complain(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}

StandardOutput.failWhenLost()
exit(await CloudInit(.this(), complain: complain).run(Array(CommandLine.arguments.dropFirst())))
