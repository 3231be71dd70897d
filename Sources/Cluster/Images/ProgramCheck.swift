import SystemPackage

/// True when a program of the host can run in a node, which has no Swift runtime and Debian 12's C library.
enum ProgramCheck {
    /// glibc of Debian 12.
    static let nodeLibraryVersion = 36

    /// Nil when it can run there; otherwise why not, to follow the program's path in a sentence.
    static func reasonAgainst(_ path: String) -> String? {
        do throws(ELFError) {
            let image = try ELFImage(path: path)
            let isSwift = { (name: String) in name.hasPrefix("libswift") || name.hasPrefix("libFoundation") }
            if let library = image.neededLibraries.first(where: isSwift) {
                return "needs \(library), which a node does not have"
            }
            if let version = image.newestLibraryVersion, version > nodeLibraryVersion {
                let remedy = "build on Debian 12 (a container will do)"
                return "needs glibc 2.\(version), nodes have 2.\(nodeLibraryVersion): \(remedy)"
            }
            return nil
        } catch {
            return error.message
        }
    }
}
