/// Progress of an image build, for the person who waits.
package enum ImageEvent: Sendable, Hashable {
    /// Someone else makes the same image; this process waits for it.
    case waiting(String)
    /// A step began: what is done now, in a few words.
    case step(String)
    /// The image is complete; the path of its directory.
    case built(kind: ImageKind, digest: String, seconds: Double)
}

/// The parts of a node's image.
package enum ImageKind: String, Sendable, Hashable, CaseIterable, Codable {
    /// A Debian root file system.
    case root
    /// The project's node programs and their units.
    case layer
    /// The Debian root as a virtual machine's disk, with its kernel.
    case machine
    /// A layer as a disk for virtual machines.
    case disk
}

/// A part of an image that lies in the store.
package struct StoredImage: Sendable, Hashable {
    /// Kind of image.
    package var kind: ImageKind
    /// Digest that names it.
    package var digest: String
    /// Path in the store.
    package var path: String
    /// Seconds since 1970.
    package var modified: Int
    /// Size of its files on disk, in bytes.
    package var size: Int
}
