import TopologyModel

/// Record on a node of its part in etcd, which shows whether etcd's data may be on it.
///
/// The record outlives every later phase of the node; it goes with the node's domain.
package enum EtcdHistory: Sendable, Hashable {
    /// Nothing is recorded: a node of a version before, or none that is a member.
    case unknown
    /// Was given no start of a new cluster: it joins one that lives, and has not done so yet.
    case never
    /// Was started together with others, of which this is the digest, and has not been seen in a whole cluster yet.
    case forming(String)
    /// Was seen healthy in an etcd cluster, of this ID in hexadecimal where it is known.
    case joined(String?)

    /// Reads what ``mark`` wrote; nil or anything else is unknown.
    package init(mark: String?) {
        let parts = (mark ?? "").split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts.first ?? "", parts.count) {
        case ("none", 1): self = .never
        case ("joined", 1): self = .joined(nil)
        case ("joined", 2): self = .joined(parts[1])
        case ("new", 2): self = .forming(parts[1])
        default: self = .unknown
        }
    }

    /// As it is written onto the domain: `none`, `new:DIGEST`, `joined` or `joined:ID`; nil for unknown.
    package var mark: String? {
        switch self {
        case .unknown: nil
        case .never: "none"
        case .forming(let digest): "new:\(digest)"
        case .joined(let id): id.map { "joined:\($0)" } ?? "joined"
        }
    }

    /// The ID of the etcd cluster, where it is known.
    package var clusterID: String? {
        if case .joined(let id) = self { id } else { nil }
    }

    /// Digest of those that the node was started with to form a cluster.
    var formation: String? {
        if case .forming(let digest) = self { digest } else { nil }
    }

    /// Returns the record of a node that is given a new definition: what was known stays known.
    ///
    /// - Parameters:
    ///   - planned: for a node of which nothing is known.
    ///   - phase: how far the node had come.
    package func keeping(over planned: EtcdHistory, phase: NodePhase) -> EtcdHistory {
        switch self {
        case .joined: self
        // Seen ready by a version that recorded no more than that.
        case .unknown where phase == .ready: planned == .unknown ? .unknown : .joined(nil)
        case .unknown where phase > .defined: .unknown
        case .forming where planned == .never: self
        case .unknown, .never, .forming: planned
        }
    }
}

extension EtcdHistory: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(mark: try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(mark ?? "unknown")
    }
}

extension ObservedNode {
    /// True when the node was a member of a whole etcd cluster.
    var hasJoinedEtcd: Bool {
        switch details.etcdHistory {
        case .joined: true
        case .never, .forming: false
        case .unknown: spec.etcd == .member && details.phase == .ready
        }
    }

    /// True when etcd's data may be on the node, and be the only ones.
    package var mayHoldEtcdData: Bool {
        guard spec.etcd == .member else { return false }
        let phase = details.phase
        switch details.etcdHistory {
        case .joined: return true
        // It may have joined, and been left by those it joined, before anybody saw it ready.
        case .never: return phase > .defined
        case .forming: return false
        // A node of a version before. The first plan of a cluster has generation 1; a node that is older than its
        // start was seen ready once.
        case .unknown: return phase == .ready || phase > .defined && spec.generation > 1
        }
    }
}
