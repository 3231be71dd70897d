import Basics
import FoundationEssentials
import Glibc

/// Files that are not an image yet, or no longer: parts and locks.
extension ImageStore {
    func lock(_ kind: ImageKind, digest: String, onWait: () -> Void) async throws(ImagesError) -> FileLock {
        let directory = directory(of: kind)
        try Self.makeDirectory(directory)
        return try await FileLock.acquire("\(directory)/.\(digest).lock", onWait: onWait)
    }

    func partPath(_ kind: ImageKind, digest: String) -> String {
        "\(directory(of: kind))/.\(digest).\(getpid()).part"
    }

    /// Removes what killed builds left; of one digest, when its lock is held.
    func discardParts(of kind: ImageKind, digest: String? = nil) async throws(ImagesError) {
        let directory = directory(of: kind)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where name.contains(".part") && name.hasPrefix("." + (digest ?? "")) {
            if digest == nil, let owner = Self.owner(of: name), kill(owner, 0) == 0 { continue }
            try await discard("\(directory)/\(name)")
        }
    }

    /// The process that made a part: `.<digest>.<process>.part`.
    static func owner(of name: String) -> pid_t? {
        let fields = name.split(separator: ".")
        return fields.count >= 3 ? pid_t(fields[1]) : nil
    }

    /// Removes a tree that may hold what only rm can: a root of another system, never followed into a mount.
    func discard(_ path: String) async throws(ImagesError) {
        try await HostProgram.run("rm", ["-rf", "--one-file-system", "--", path], package: "coreutils")
    }

    func unlinkQuietly(_ path: String) {
        // A left-over is removed with the parts of the next build.
        _ = unlink(path)
    }

    static func rename(_ source: String, _ target: String) throws(ImagesError) {
        guard Glibc.rename(source, target) == 0 else {
            throw ImagesError(.store, "cannot rename \(source) to \(target): \(String(cString: strerror(errno)))")
        }
    }
}
