/// Progress of the update of a unit, or of the instances of a template. Another engine can continue from it alone.
package struct UpdateRecord: Sendable, Equatable, Codable {
    /// Stage of a rolling update.
    package enum Phase: String, Sendable, Hashable, Codable {
        /// One instance after the other gets the new text.
        case rolling
        /// Those that got it get the one before back.
        case rollingBack
        /// Every instance has the new text.
        case done
        /// No instance has it.
        case rolledBack
        /// Somebody else changed a unit; what was done stays.
        case stopped

        /// True when the update goes on no more.
        package var isOver: Bool { self != .rolling && self != .rollingBack }
    }

    /// A unit and the hash of the text it had before.
    package struct Previous: Sendable, Equatable, Codable {
        /// Unit whose text was replaced.
        package var unit: String
        /// Hash of the text.
        package var hash: String

        package init(unit: String, hash: String) {
            self.unit = unit
            self.hash = hash
        }
    }

    /// The new text.
    package var text: String
    /// Its hash.
    package var hash: String
    /// The texts there were before, by hash.
    package var texts: [String: String]
    /// Units still to be updated, in their order.
    package var waiting: [String]
    /// The unit that has the new text and is to prove itself.
    package var current: Previous?
    /// Those that have.
    package var updated: [Previous]
    /// Stage of the update.
    package var phase: Phase
    /// Reason why it did not end well; nil otherwise.
    package var reason: String?
    /// For how many seconds a unit must be active before the next one's turn comes.
    package var settleSeconds: Int
    /// Limit for a unit until then, in seconds.
    package var limitSeconds: Int

    /// Creates the record of an update that begins.
    package init(
        text: String,
        hash: String,
        waiting: [String],
        settleSeconds: Int = 3,
        limitSeconds: Int = 60,
    ) {
        self.text = text
        self.hash = hash
        self.waiting = waiting
        self.settleSeconds = settleSeconds
        self.limitSeconds = limitSeconds
        texts = [:]
        updated = []
        phase = .rolling
    }
}
