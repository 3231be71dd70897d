import Basics
import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Error {
    /// Cause of the error in a few words: the path and the system's message, unwrapped from Foundation's errors.
    ///
    /// Cause of the error. Missing permissions come with advice; errors that are not about files are described as they
    /// are.
    package var plainReason: String {
        if let failure = self as? SystemFailure { return "\(failure)\(SystemReason.advice(failure.number))" }
        if self is DecodingError { return "it is not what slipway wrote: its JSON has another form" }
        guard let failure = self as? CocoaError else { return "\(self)" }
        let path = (failure.filePath ?? failure.url?.path).map { "\($0): " } ?? ""
        return path + failure.systemReason
    }
}

extension CocoaError {
    fileprivate var systemReason: String {
        guard let number else {
            return code == .fileReadInapplicableStringEncoding || code == .fileReadCorruptFile
                ? "it is not UTF-8 text" : "it cannot be read or written (Foundation's error \(code.rawValue))"
        }
        return String(cString: strerror(number)) + SystemReason.advice(number)
    }

    /// The `errno` behind it.
    private var number: Int32? {
        if let cause = underlying as? POSIXError { return cause.code.rawValue }
        return switch code {
        case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
        case .fileReadNoPermission, .fileWriteNoPermission: EACCES
        case .fileWriteFileExists: EEXIST
        case .fileWriteOutOfSpace: ENOSPC
        case .fileWriteVolumeReadOnly: EROFS
        case .fileReadTooLarge: EFBIG
        default: nil
        }
    }
}

private enum SystemReason {
    /// Advice for an `errno`, where there is any.
    static func advice(_ number: Int32) -> String {
        (number == EACCES || number == EPERM) && geteuid() != 0 ? " (you are not root; use sudo)" : ""
    }
}
