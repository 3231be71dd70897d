import SystemPackage

/// Whether a program of the host can run in a node, which has no Swift runtime and Debian 12's C library.
enum ProgramCheck {
    /// glibc of Debian 12.
    static let nodeLibraryVersion = 36

    /// Nil when it can run there; otherwise why not, to follow the program's path in a sentence.
    static func reasonAgainst(_ path: String) -> String? {
        do throws(ELFError) {
            let image = try ELFImage(path: path)
            if let library = image.neededLibraries.first(where: { $0.hasPrefix("libswift") || $0.hasPrefix("libFoundation") }) {
                return "needs \(library), which a node does not have"
            }
            if let version = image.newestLibraryVersion, version > nodeLibraryVersion {
                return "needs glibc 2.\(version), and nodes have 2.\(nodeLibraryVersion): build on Debian 12 (a container will do)"
            }
            return nil
        } catch {
            return error.message
        }
    }
}
