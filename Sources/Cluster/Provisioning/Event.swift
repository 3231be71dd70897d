import Planning

/// Event of an execution; the same stream feeds text, JSON lines and tests.
package enum Event: Sendable {
    case started(Step)
    /// Progress within a long step: the rung a node is on, the image being made.
    case progress(step: StepID, text: String)
    /// A node has climbed a rung, in so much time since it was waited for.
    case reached(step: StepID, node: String, rung: Rung, took: Duration)
    /// Something a person should know afterwards, too: a node whose power was cut.
    case warning(step: StepID, text: String)
    case finished(Step, took: Duration)
    case failed(Step, error: any Error)
    /// The step was not begun, because another failed or the run was stopped.
    case notStarted(Step)
}

/// Rung of a node's way to readiness.
package enum Rung: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its address answers.
    case address
    /// etcd on it is healthy.
    case etcd
    /// Its cloud-config is applied.
    case cloudConfig = "cloud_config"
    /// fleet lists it.
    case fleet
    /// It has its subnet of the containers' network.
    case flannel
}

/// Receiver of events.
package typealias EventSink = @Sendable (Event) -> Void

/// The images of this host.
package protocol ImageSource: Sendable {
    /// The image with these digests, made first if it is not there.
    func ensure(_ digests: ImageDigests, progress: @escaping @Sendable (String) -> Void) async throws -> NodeImagePaths
    /// Returns the paths of the image, whether it exists or not.
    func paths(_ digests: ImageDigests) -> NodeImagePaths
    /// Returns whether the image is there.
    func isPresent(_ digests: ImageDigests) -> Bool
    /// Returns whether the root is an image from elsewhere.
    func isForeign(_ digests: ImageDigests) -> Bool
}
