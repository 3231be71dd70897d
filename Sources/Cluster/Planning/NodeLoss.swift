import TopologyModel

/// Reason why a node never comes back as it was, whatever is done with it.
///
/// The rule is narrow, since what it finds may be made anew with nobody asked. That a node is off, paused, still booting
/// or does not answer is no loss, and neither is what cannot be seen or was left half made by an earlier run.
package enum NodeLoss: String, Sendable, Hashable, Codable, CaseIterable {
    /// etcd lists it as a member that has run and does not answer, and nothing of it is there.
    case node
    /// It has run, and what it wrote is gone, or the disk that it wrote to.
    case storage
    /// It is off, and the record of what it is holds no record any more.
    case record
    /// It is there, and etcd's data on it are gone.
    case etcdData

    /// Decides from what is there.
    ///
    /// - Parameters:
    ///   - observed: the node; nil where neither domain nor storage has its name.
    ///   - member: the node as etcd lists it; nil where etcd does not, or does not answer.
    ///   - keepsDataElsewhere: true where its etcd is told to keep data in a directory other than its usual one.
    package init?(_ observed: ObservedNode?, member: ObservedEtcd.Member?, keepsDataElsewhere: Bool = false) {
        let hasRun = member?.started == true
        // What answers is somewhere, though it is not seen here.
        let isGone = hasRun && member?.healthy == false
        guard let observed else {
            guard isGone else { return nil }
            self = .node
            return
        }
        guard observed.phase != .leaving else { return nil }
        switch observed.obstacle {
        case .damaged?:
            guard observed.power == .off else { return nil }
            self = .record
        case .unreadable?, .elsewhere?, .poolAway?: return nil
        case nil where !observed.hasStorage:
            // Without a domain these are remains, of which only etcd may know that there was more.
            if !observed.hasDomain {
                guard isGone else { return nil }
                self = .node
            } else {
                guard observed.phase > .defined else { return nil }
                self = .storage
            }
        case nil:
            // That etcd lists it as one that has run shows that there were data.
            guard observed.etcd == .member, isGone, observed.lacksEtcdLog == true, !keepsDataElsewhere else {
                return nil
            }
            self = .etcdData
        }
    }

    /// Reason, in a few words.
    package var reason: String {
        switch self {
        case .node: "etcd lists it, and it is gone"
        case .storage: "its storage is gone"
        case .record: "its record is damaged"
        case .etcdData: "etcd's data on it are gone"
        }
    }
}

/// A node that is lost for good, and that a plan leaves as it is.
package struct LostNode: Sendable, Hashable {
    /// Name of the node.
    package var name: String
    /// Kind of loss.
    package var loss: NodeLoss
    /// Command that makes it anew, or the cluster whole again.
    package var command: String
}
