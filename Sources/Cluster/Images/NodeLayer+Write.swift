import FoundationEssentials
import Glibc
import SystemPackage

extension NodeLayer {
    /// Writes the layer as a directory: what is merged over a node's root, so owned by root and readable by all.
    func write(to directory: String) throws(ImagesError) {
        do {
            for (path, content) in entries.sorted(by: { $0.key < $1.key }) {
                try write(content, to: FilePath(directory).appending(path))
            }
            // The merged /usr has this directory's time. A time after the image's would tell systemd that /usr was
            // updated since, and to run its first-boot services on every node.
            try setAncient(FilePath(directory).appending("usr"))
        } catch {
            throw ImagesError(.store, "cannot write the layer \(directory)", cause: error)
        }
    }

    private func write(_ content: Content, to path: FilePath) throws {
        let manager = FileManager.default
        // A merged directory takes its mode from the topmost layer, whatever the umask here.
        let previous = umask(0o022)
        defer { umask(previous) }
        try manager.createDirectory(atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
        switch content {
        case .text(let text, let mode):
            try Data(text.utf8).write(to: URL(filePath: path.string))
            try setMode(mode, of: path)
        case .program(let source, _):
            try manager.copyItem(atPath: source, toPath: path.string)
            try setMode(0o755, of: path)
        case .link(let target):
            try manager.createSymbolicLink(atPath: path.string, withDestinationPath: target)
        }
    }

    private func setAncient(_ path: FilePath) throws {
        let time = timespec(tv_sec: 1, tv_nsec: 0)
        guard utimensat(AT_FDCWD, path.string, [time, time], 0) == 0 else { throw Errno(rawValue: errno) }
    }

    private func setMode(_ mode: UInt32, of path: FilePath) throws {
        guard chmod(path.string, mode_t(mode)) == 0, chown(path.string, getuid(), getgid()) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
