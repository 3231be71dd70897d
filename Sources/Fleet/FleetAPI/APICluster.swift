import UnitFiles

// What the original's API did not have: machines that are drained, rebalancing, updates, waiting for changes.

/// The machines that are being drained.
package struct APIDrains: Codable, Sendable {
    /// Their ids, present or not.
    package var machines: [String]

    package init(machines: [String]) { self.machines = machines }
}

/// Rebalancing: the mode by which units move to machines with less load.
package struct APIRebalance: Codable, Sendable {
    /// `off`, `once` or `automatic`.
    package var mode: String

    package init(mode: String) { self.mode = mode }
}

/// Revision of the state that lists are answered from.
package struct APIChanges: Codable, Sendable {
    /// etcd's revision.
    package var revision: Int64

    package init(revision: Int64) { self.revision = revision }
}

/// An update of a unit, or of a template's instances, one after the other.
package struct APIUpdate: Sendable, Hashable, Codable {
    /// Of the unit or template.
    package var name: String
    /// `rolling`, `rollingBack`, `done`, `rolledBack` or `stopped`.
    package var phase: String
    /// Of the new text.
    package var hash: String?
    /// Reason why it did not end well.
    package var reason: String?
    /// The unit that is to prove itself.
    package var current: String?
    /// Units still to be updated.
    package var waiting: [String]
    /// Units that have the new text.
    package var updated: [String]

    package init(
        name: String,
        phase: String,
        hash: String? = nil,
        reason: String? = nil,
        current: String? = nil,
        waiting: [String] = [],
        updated: [String] = [],
    ) {
        self.name = name
        self.phase = phase
        self.hash = hash
        self.reason = reason
        self.current = current
        self.waiting = waiting
        self.updated = updated
    }

    /// True when nothing more happens by itself.
    package var isOver: Bool { phase != "rolling" && phase != "rollingBack" }
}

/// All updates that run or have ended.
package struct APIUpdates: Codable, Sendable {
    /// Updates by name.
    package var updates: [APIUpdate]

    package init(updates: [APIUpdate]) { self.updates = updates }
}

/// Request of a client for an update.
package struct APIUpdateRequest: Codable, Sendable {
    /// The new text; not needed to abort.
    package var options: [UnitOption]?
    /// For how many seconds a unit must be active before the next one's turn comes.
    package var settleSeconds: Int?
    /// Seconds that a unit may take until then.
    package var timeoutSeconds: Int?
    /// Gives back the texts from before an update that is under way.
    package var abort: Bool?

    package init(
        options: [UnitOption]? = nil,
        settleSeconds: Int? = nil,
        timeoutSeconds: Int? = nil,
        abort: Bool? = nil,
    ) {
        self.options = options
        self.settleSeconds = settleSeconds
        self.timeoutSeconds = timeoutSeconds
        self.abort = abort
    }
}
