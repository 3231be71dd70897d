import Basics
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TopologyModel

/// A file on its way from a URL or a path, hashed as it comes. What came of a URL stays when the way breaks, and the
/// next try goes on from there.
///
/// curl speaks HTTP; what is by hand is what it does not do: to hash while it comes, to go on only where the file is still
/// the same, and to try again for as long as something comes.
struct Download {
    let origin: ImageOrigin
    /// Path that the bytes are written to.
    let part: String
    let algorithm: ImageChecksum.Algorithm
    /// True when nothing but the server can tell that what is gone on with is still the same file. Where a checksum
    /// can, it is not asked: mirrors of one file call it by different names.
    var trustsServer = false
    let onEvent: @Sendable (ImageEvent) -> Void

    /// Number of times in a row that it may break off without a new byte.
    private static let patience = 3
    /// Number of times that the server's file may have changed.
    private static let changes = 3
    /// curl's codes for failures that a retry may overcome: early end, stall, empty reply, send and receive errors,
    /// HTTP/2.
    private static let passing: Set<Int> = [16, 18, 28, 52, 55, 56, 92]

    /// Outcome of one run of the fetching program.
    private enum Outcome {
        case whole
        /// The server does not go on from the middle, or has another file than before.
        case noResume
        case broken(reason: String, mayPass: Bool)
    }

    /// Complete download.
    struct Whole {
        var digest: String
        /// True when it came in parts, which may be those of different files where the server does not say which it
        /// has.
        var isPatched: Bool
    }

    /// Fetches all there is.
    func run() async throws(ImagesError) -> Whole {
        var canResume = true
        var fruitless = 0
        var changes = 0
        var isPatched = false
        while true {
            var hash = RunningHash(algorithm)
            let offset = try openPart(hashing: &hash)
            let file = try append()
            var transfer = Transfer(hash: hash, length: offset, total: nil)
            let outcome = try await fetch(to: file, &transfer)
            isPatched = isPatched || offset > 0
            switch outcome {
            case .whole: return Whole(digest: transfer.hash.digest, isPatched: isPatched)
            case .noResume:
                changes += 1
                canResume = trustsServer && changes < Self.changes
                isPatched = false
                try discard()
            case .broken(let reason, let mayPass):
                fruitless = transfer.length > offset ? 0 : fruitless + 1
                guard mayPass, canResume, fruitless < Self.patience else { throw broken(reason, transfer) }
                onEvent(.step("the connection broke; going on from \(transfer.length >> 20) MiB"))
            }
        }
    }

    /// The digest of what an earlier try left, without asking anyone; nil where there is nothing.
    func digestOfPart() throws(ImagesError) -> String? {
        guard FileManager.default.fileExists(atPath: part) else { return nil }
        var hash = RunningHash(algorithm)
        _ = try openPart(hashing: &hash)
        return hash.digest
    }

    func discard() throws(ImagesError) {
        for path in [part, headers, validator] where unlink(path) != 0 && errno != ENOENT {
            throw ImagesError(.store, "cannot remove \(path): \(String(cString: strerror(errno)))")
        }
    }

    private struct Transfer {
        var hash: RunningHash
        var length: UInt64
        /// The whole file's length, once the server has said it.
        var total: UInt64?
        var told: UInt64 = 0
    }

    private var headers: String { part + ".headers" }
    /// Path of the validator (ETag or date) that the server gave with the beginning of the file.
    private var validator: String { part + ".validator" }

    private func broken(_ reason: String, _ transfer: Transfer) -> ImagesError {
        let came = transfer.total.map { "\(transfer.length) of \($0) bytes came" } ?? "\(transfer.length) bytes came"
        guard case .url = origin, transfer.length > 0 else { return ImagesError(.transfer, "\(origin): \(reason)") }
        return ImagesError(
            .transfer,
            "\(origin): \(came), then: \(reason); they are kept, and the same command goes on from there",
        )
    }

    // MARK: The part

    /// Hashes what is there already. Returns its length; a file of this host is always read anew.
    private func openPart(hashing hash: inout RunningHash) throws(ImagesError) -> UInt64 {
        guard case .url = origin else {
            try discard()
            return 0
        }
        guard FileManager.default.fileExists(atPath: part) else { return 0 }
        do {
            let file = try FileDescriptor.open(FilePath(part), .readOnly)
            return try file.closeAfter {
                var length: UInt64 = 0
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
                defer { buffer.deallocate() }
                while case let count = try file.read(into: buffer), count > 0 {
                    hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    length += UInt64(count)
                }
                return length
            }
        } catch {
            throw ImagesError(.store, "cannot read \(part)", cause: error)
        }
    }

    private func append() throws(ImagesError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                FilePath(part),
                .writeOnly,
                options: [.create, .append],
                permissions: [.ownerReadWrite],
            )
        } catch {
            throw ImagesError(.store, "cannot write \(part)", cause: error)
        }
    }

    // MARK: Fetching

    private func command(from offset: UInt64) -> (name: String, arguments: [String]) {
        switch origin {
        case .file(let path): ("cat", ["--", path])
        case .url(let url):
            (
                "curl",
                [
                    "--fail", "--silent", "--show-error", "--location", "--max-redirs", "10", "--proto", "=http,https",
                    "--connect-timeout", "30", "--speed-limit", "1", "--speed-time", "60", "--dump-header", headers,
                ] + (offset > 0 ? resumption(from: offset) : []) + ["--output", "-", "--url", url]
            )
        }
    }

    /// A server that has another file by now sends all of that (RFC 9110, section 13.1.5), which curl refuses to
    /// append.
    private func resumption(from offset: UInt64) -> [String] {
        let name = trustsServer ? FileManager.default.contents(atPath: validator) : nil
        let known = name.map { String(decoding: $0, as: UTF8.self) }
        return ["--continue-at", "\(offset)"] + (known.map { ["--header", "If-Range: \($0)"] } ?? [])
    }

    private func fetch(to file: FileDescriptor, _ transfer: inout Transfer) async throws(ImagesError) -> Outcome {
        let offset = transfer.length
        let (name, arguments) = command(from: offset)
        let status: TerminationStatus
        let said: String
        do {
            var options = PlatformOptions()
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
            defer { try? file.close() }
            var current = transfer
            let result = try await Subprocess.run(
                .name(name),
                arguments: Arguments(arguments),
                environment: .inherit.updating(["LC_ALL": "C"]),
                platformOptions: options,
                input: .none,
                output: .sequence,
                error: .string(limit: 64 << 10),
            ) { execution in
                for try await buffer in execution.standardOutput {
                    if current.total == nil { try learnTotal(&current, from: offset) }
                    try buffer.withUnsafeBytes { bytes in
                        current.hash.update(bytes)
                        _ = try file.writeAll(bytes)
                    }
                    current.length += UInt64(buffer.count)
                    tell(&current)
                }
                return current
            }
            transfer = result.closureResult
            status = result.terminationStatus
            said = result.standardError.split(whereSeparator: \.isNewline).last.map(String.init) ?? "\(status)"
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ImagesError(.toolMissing, "\(name) is not installed; run: sudo apt-get install \(name)")
        } catch let error as ImagesError {
            throw error
        } catch let error as Errno {
            // On a full disk, what came would only be in the way.
            if error == .noSpace { try discard() }
            throw ImagesError(.store, "cannot write \(part)", cause: error)
        } catch {
            throw ImagesError(.transfer, "\(origin): interrupted; what came of a URL is kept", cause: error)
        }
        return outcome(status, said: said, resumed: offset > 0)
    }

    private func outcome(_ status: TerminationStatus, said: String, resumed: Bool) -> Outcome {
        // curl takes 416 for the end of a file that is there already; it may as well be longer than the server's is now.
        if resumed, case .url = origin, status.isSuccess, Self.status(inHeaders: headerText) == 416 { return .noResume }
        guard !status.isSuccess else { return .whole }
        guard case .url = origin, case .exited(let code) = status else {
            return .broken(reason: said, mayPass: false)
        }
        // 33: no ranges, or another file; 22: an HTTP status of failure, which is 416 where the file became shorter.
        if resumed, code == 33 || (code == 22 && said.contains("416")) { return .noResume }
        return .broken(reason: said, mayPass: Self.passing.contains(Int(code)))
    }

    /// Reads the length from the answer's headers, and says at once when there is no room for it.
    private func learnTotal(_ transfer: inout Transfer, from offset: UInt64) throws {
        if trustsServer, offset == 0, case .url = origin, let known = Self.validator(inHeaders: headerText) {
            try Data(known.utf8).write(to: URL(filePath: validator))
        }
        guard let rest = expectedLength() else { return }
        transfer.total = offset + rest
        var status = statvfs()
        guard statvfs(part, &status) == 0 else { return }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard rest > free else { return }
        try discard()
        throw ImagesError(
            .store,
            "\(origin) has \((offset + rest) >> 20) MiB, and there is room for \(free >> 20) MiB at \(part); "
                + "make room, or run: slipway image prune",
        )
    }

    private func expectedLength() -> UInt64? {
        switch origin {
        case .file(let path):
            return try? FileStatus(of: path).size
        case .url:
            return Self.length(inHeaders: headerText)
        }
    }

    private var headerText: String {
        String(decoding: FileManager.default.contents(atPath: headers) ?? Data(), as: UTF8.self)
    }

    /// The length that the last of several answers names: redirections come before it.
    static func length(inHeaders text: String) -> UInt64? {
        lastAnswer(in: text)["content-length"].flatMap { UInt64($0) }
    }

    /// The last answer's status.
    static func status(inHeaders text: String) -> Int? {
        let line = text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("HTTP/") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// Returns the validator in the last response's headers that is fit for `If-Range`, which a weak tag is not.
    static func validator(inHeaders text: String) -> String? {
        let answer = lastAnswer(in: text)
        if let tag = answer["etag"], tag.hasPrefix("\"") { return tag }
        return answer["last-modified"]
    }

    /// Values by name in lower case.
    private static func lastAnswer(in text: String) -> [String: String] {
        var answer: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("HTTP/") { answer = [:] }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].drop(while: \.isWhitespace)
            let end = value.lastIndex { !$0.isWhitespace }.map { value.index(after: $0) } ?? value.startIndex
            answer[parts[0].lowercased()] = String(value[..<end])
        }
        return answer
    }

    /// Progress after each tenth, or after each 64 MiB where the size is not known.
    private func tell(_ transfer: inout Transfer) {
        let interval = max(transfer.total.map { $0 / 10 } ?? 0, 16 << 20)
        guard transfer.length - min(transfer.told, transfer.length) >= interval else { return }
        transfer.told = transfer.length
        let of = transfer.total.map { " of \($0 >> 20)" } ?? ""
        onEvent(.step("\(transfer.length >> 20)\(of) MiB of \(origin)"))
    }
}
