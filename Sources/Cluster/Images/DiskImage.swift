import Basics
import FoundationEssentials
import Glibc

/// A file of an image that goes to the host of a virtual machine as a volume.
package struct ImageFile: Sendable, Hashable, Codable {
    /// Format of a disk image.
    package enum Format: String, Sendable, Hashable, Codable {
        case raw, qcow2
    }

    /// Path on this host.
    package var path: String
    /// SHA-256 of its bytes, in hexadecimal: its name wherever it is copied to.
    package var digest: String
    /// Its length in bytes.
    package var size: UInt64
    /// Format of the file.
    package var format: Format
    /// The disk's size in bytes, as a guest sees it; nil where that is ``size``.
    private var guestSize: UInt64?

    /// Creates the description of an image file.
    package init(path: String, digest: String, size: UInt64, format: Format = .raw, capacity: UInt64? = nil) {
        self.path = path
        self.digest = digest
        self.size = size
        self.format = format
        guestSize = capacity
    }

    /// Size of the disk that a guest sees, in bytes.
    package var capacity: UInt64 { guestSize ?? size }
}

/// The project's image as a virtual machine takes it.
package struct VMFiles: Sendable, Hashable, Codable {
    /// The root file system.
    package var disk: ImageFile
    /// Kernel to boot.
    package var kernel: ImageFile
    /// Initial RAM disk.
    package var initrd: ImageFile

    package init(disk: ImageFile, kernel: ImageFile, initrd: ImageFile) {
        self.disk = disk
        self.kernel = kernel
        self.initrd = initrd
    }
}

extension ImageStore {
    /// In a machine's or a disk's directory: what its files are. It is written last.
    private static let listing = "files.json"

    /// Makes a machine's disk, kernel and initrd by mmdebstrap and mkfs.ext4 unless they exist. Returns the digest.
    package func ensureMachine(
        _ recipe: RootRecipe,
        onEvent: @Sendable (ImageEvent) -> Void = { _ in },
    ) async throws(ImagesError) -> String {
        try await build(.machine, digest: recipe.digest, onEvent: onEvent) { part throws(ImagesError) in
            let root = "\(part)/root"
            try Self.makeDirectory(part)
            try await bootstrap(recipe, into: root, onEvent: onEvent)
            for name in ["kernel", "initrd"] {
                try Self.rename("\(root)/\(VMCustomization.bootDirectory)/\(name)", "\(part)/\(name)")
            }
            onEvent(.step("making a disk of it"))
            // Room for what a node writes before its file system has grown to its disk.
            try await makeFileSystem(of: root, at: "\(part)/root.img", spare: 256, options: [])
            try await discard(root)
            let files = VMFiles(
                disk: try Self.describe("\(part)/root.img"),
                kernel: try Self.describe("\(part)/kernel"),
                initrd: try Self.describe("\(part)/initrd"),
            )
            try write(files, to: "\(part)/\(Self.listing)")
        }
    }

    /// The digest by which a layer's disk is known.
    package static func diskDigest(ofLayer digest: String) -> String { Digest.of("disk 1\n\(digest)") }

    /// Makes the disk of a layer that exists, unless it exists. Returns its digest.
    package func ensureDisk(
        ofLayer digest: String,
        onEvent: @Sendable (ImageEvent) -> Void = { _ in },
    ) async throws(ImagesError) -> String {
        try await build(.disk, digest: Self.diskDigest(ofLayer: digest), onEvent: onEvent) { part throws(ImagesError) in
            onEvent(.step("making a disk of the node programs"))
            try Self.makeDirectory(part)
            let layer = path(of: .layer, digest: digest)
            try await makeFileSystem(of: layer, at: "\(part)/layer.img", spare: 8, options: ["-O", "^has_journal"])
            try write(try Self.describe("\(part)/layer.img"), to: "\(part)/\(Self.listing)")
        }
    }

    /// The files of a machine's image; nil when it is not there.
    package func machine(_ digest: String) -> VMFiles? {
        let directory = path(of: .machine, digest: digest)
        guard var files: VMFiles = read("\(directory)/\(Self.listing)") else { return nil }
        for file in [\VMFiles.disk, \.kernel, \.initrd] {
            files[keyPath: file].path = "\(directory)/\(files[keyPath: file].path)"
        }
        return files
    }

    /// The disk of a layer; nil when it is not there.
    package func layerDisk(_ digest: String) -> ImageFile? {
        let directory = path(of: .disk, digest: Self.diskDigest(ofLayer: digest))
        guard var file: ImageFile = read("\(directory)/\(Self.listing)") else { return nil }
        file.path = "\(directory)/\(file.path)"
        return file
    }

    // MARK: Making

    /// A file with an ext4 file system that holds a directory's content.
    ///
    /// - Parameter spare: MiB beyond what the content takes.
    private func makeFileSystem(
        of directory: String,
        at file: String,
        spare: Int,
        options: [String],
    ) async throws(ImagesError) {
        let output = await HostProgram.output("du", ["-smx", directory])
        guard let content = output.split(separator: "\t").first.flatMap({ Int($0) }) else {
            throw ImagesError(.tool, "cannot measure \(directory); run: du -smx \(directory)")
        }
        // Inodes and block maps take some per cent of the whole.
        let size = "\(content * 9 / 8 + spare)M"
        let arguments = ["-q", "-F"] + options + ["-d", directory, file, size]
        try await HostProgram.run("/usr/sbin/mkfs.ext4", arguments, package: "e2fsprogs")
    }

    /// A file by its name alone: its directory is renamed once it is whole.
    private static func describe(_ path: String) throws(ImagesError) -> ImageFile {
        let size = try size(of: path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return ImageFile(path: name, digest: try FileDigest.of(path), size: size)
    }

    /// Bytes of a file.
    static func size(of path: String) throws(ImagesError) -> UInt64 {
        do {
            return try FileStatus(of: path).size
        } catch {
            throw ImagesError(.store, "cannot \(error)")
        }
    }

    /// Makes a directory, of whom the one above it is.
    static func makeDirectory(_ path: String) throws(ImagesError) {
        do {
            try Directories.make(path)
        } catch {
            throw ImagesError(.store, "cannot make \(path)\(geteuid() == 0 ? "" : " (are you root?)")", cause: error)
        }
    }

    private func write(_ value: some Encodable, to path: String) throws(ImagesError) {
        do {
            try JSONEncoder().encode(value).write(to: URL(filePath: path))
        } catch {
            throw ImagesError(.store, "cannot write \(path)", cause: error)
        }
    }

    /// Nil for a file that is not there, or is not what was written: the part is made anew then.
    private func read<Value: Decodable>(_ path: String) -> Value? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONDecoder().decode(Value.self, from: $0) }
    }
}
