import FoundationEssentials
import Subprocess
import SystemPackage

/// Compression of an image, recognised by its first bytes.
enum Packing: String, Sendable, CaseIterable {
    case gzip, bzip2, xz, zstd

    init?(_ bytes: [UInt8]) {
        guard let kind = Self.allCases.first(where: { bytes.starts(with: $0.magic) }) else { return nil }
        self = kind
    }

    private var magic: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B]
        case .bzip2: Array("BZh".utf8)
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
        }
    }

    /// Debian's package with the program of this name.
    private var package: String { self == .xz ? "xz-utils" : rawValue }

    /// Unpacks a file into another, as a stream.
    func unpack(_ source: String, to target: String) async throws(ImagesError) {
        do {
            let input = try FileDescriptor.open(FilePath(source), .readOnly)
            let output = try FileDescriptor.open(
                FilePath(target),
                .writeOnly,
                options: [.create, .truncate],
                permissions: [.ownerReadWrite],
            )
            var options = PlatformOptions()
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(5))]
            let result = try await Subprocess.run(
                .name(rawValue),
                arguments: ["-d", "-c"],
                environment: .inherit.updating(["LC_ALL": "C"]),
                platformOptions: options,
                input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                error: .string(limit: 64 << 10),
            )
            guard case .exited(let status) = result.terminationStatus else {
                throw ImagesError(.interrupted, "\(rawValue) was ended (\(result.terminationStatus))")
            }
            guard status == 0 else {
                let said = result.standardError.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
                let code: ImagesError.Code = said.contains("No space left") ? .store : .refused
                throw ImagesError(code, "it cannot be unpacked: \(said)")
            }
        } catch let error as ImagesError {
            throw error
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw ImagesError(.toolMissing, "\(rawValue) is not installed; run: sudo apt-get install \(package)")
        } catch {
            throw ImagesError(.tool, "\(rawValue) could not be run on \(source)", cause: error)
        }
    }
}
