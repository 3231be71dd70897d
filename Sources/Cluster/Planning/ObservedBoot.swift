/// A node's own word about the images that it boots.
package struct ObservedBoot: Sendable, Hashable, Codable {
    /// An image that the node left by itself.
    package struct Retreat: Sendable, Hashable, Codable {
        /// Image that it left.
        package var image: ImageDigests
        /// Seconds since 1970, by the node's clock.
        package var time: Int64
        /// Reason, for people.
        package var reason: String

        package init(image: ImageDigests, time: Int64, reason: String) {
            self.image = image
            self.time = time
            self.reason = reason
        }
    }

    /// True while the node has not been well yet on the image that it runs.
    package var isOnTrial = false
    /// Image that it takes at its next reboot; nil for the one that it runs.
    package var staged: ImageDigests?
    /// The last image that it left by itself; nil where it did well with all that it was given since.
    package var retreat: Retreat?
    /// Images that it may boot, and the one that its domain is defined with.
    package var images: [ImageDigests] = []

    package init() {}

    /// The node's retreat from an image, or from another with its root; nil where it did not leave that.
    package func retreat(from image: ImageDigests) -> Retreat? {
        retreat.flatMap { $0.image.root == image.root ? $0 : nil }
    }
}
