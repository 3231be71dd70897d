import FileErrors

/// Reason why an image could not be made, found or removed.
package struct ImagesError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package struct Code: Sendable, Hashable {
        private enum Kind { case tool, toolMissing, programs, store, busy, missing, refused, transfer, interrupted }
        private var kind: Kind

        /// A program of the host that makes images has failed.
        package static let tool = Code(kind: .tool)
        /// A program of the host that makes images is not installed.
        package static let toolMissing = Code(kind: .toolMissing)
        /// A node program is missing, or cannot run in a node.
        package static let programs = Code(kind: .programs)
        /// The store's directories could not be read or written.
        package static let store = Code(kind: .store)
        /// Another process builds the same image and did not finish in time.
        package static let busy = Code(kind: .busy)
        /// There is no image of that digest.
        package static let missing = Code(kind: .missing)
        /// An image from elsewhere is not what was asked for, or nothing that a node can run.
        package static let refused = Code(kind: .refused)
        /// An image did not come whole.
        package static let transfer = Code(kind: .transfer)
        /// A program of the host was ended by a signal, so that it has said nothing of what it worked on.
        package static let interrupted = Code(kind: .interrupted)
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Failure and its place, with advice.
    package var message: String
    /// Underlying error.
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        cause.map { "\(message): \($0.plainReason)" } ?? message
    }
}
