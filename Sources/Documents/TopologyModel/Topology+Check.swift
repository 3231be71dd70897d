import Basics
import Diagnostics

extension Topology {
    /// Everything that is wrong or doubtful with this topology as a whole: counts, quorum, network, placement.
    ///
    /// A loader reports these with the file's own mistakes; who changes a loaded topology (another count) asks again.
    package func check() -> [Diagnostic] {
        roles.compactMap { $0.countFinding() } + memberFindings() + tlsFindings() + portFindings() + networkFindings()
            + flannelFindings() + namesFindings() + placementFindings()
    }

    /// No member at all; and sizes that cost more than they give.
    package func memberFindings() -> [Diagnostic] {
        let voters = roles.filter { $0.etcd == .member }
        guard !voters.isEmpty else {
            let note = "give the role whose nodes shall hold the cluster's state `etcd: member`"
            return [.error("no role has etcd members", at: roles.first?.location, notes: [note])]
        }
        // A wrong count is reported by itself; what follows from it is not worth a word.
        guard voters.allSatisfy(\.hasValidCount) else { return [] }
        let members = voters.reduce(0) { $0 + $1.count }
        let place = voters.last?.countLocation ?? voters.last?.location
        return Self.doubt(about: members).map { message in
            [.warning(message, at: place, notes: [FaultTolerance.table(marking: members)])]
        } ?? []
    }

    private static func doubt(about members: Int) -> String? {
        let size = FaultTolerance(members: members)
        if members > FaultTolerance.mostMembersAdvised {
            return "\(members) etcd members: every write waits for \(size.majority) of them; 3, 5 or 7 are usual"
        }
        guard members.isMultiple(of: 2) else { return nil }
        let fewer = members - 1
        let failures =
            size.failures == 0 ? "no failure" : size.failures == 1 ? "one failure" : "\(size.failures) failures"
        return "\(members) etcd members survive \(failures), as \(fewer) would: an odd number is better"
    }

    /// A network that is taken, someone else's, or too small.
    package func networkFindings() -> [Diagnostic] {
        let place = network.location ?? biggestRole?.countLocation ?? biggestRole?.location
        return ownershipFindings(network.cidr, at: place) + capacityFindings(network.cidr, at: place)
    }

    private func ownershipFindings(_ cidr: CIDRv4, at place: SourceLocation?) -> [Diagnostic] {
        if let taken = ReservedNetwork.first(overlapping: cidr) {
            let note = "take a private network, such as \(CIDRv4.derived(fromCluster: name))"
            return [.error("\(cidr) clashes with \(taken.network), \(taken.use)", at: place, notes: [note])]
        }
        if cidr.isPrivate { return [] }
        let note = "addresses of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16 belong to no one"
        return [.warning("\(cidr) is not a private network", at: place, notes: [note])]
    }

    private func capacityFindings(_ cidr: CIDRv4, at place: SourceLocation?) -> [Diagnostic] {
        let nodes = roles.reduce(0) { $0 + Self.counted($1) }
        guard cidr.nodeCapacity < nodes else { return [] }
        let fit =
            cidr.nodeCapacity == 0 ? "no node" : cidr.nodeCapacity == 1 ? "one node" : "\(cidr.nodeCapacity) nodes"
        let wider = CIDRv4(around: cidr.base, prefix: CIDRv4.prefix(forNodes: nodes))
        let notes = [
            "no node gets the network's first \(CIDRv4.reservedAddresses + 1) addresses, nor the broadcast address",
            "\(wider) has room for \(wider.nodeCapacity)",
        ]
        let message = "\(cidr) has room for \(fit), and the roles have \(nodes)"
        return [.error(message, at: place, notes: notes)]
    }

    private var biggestRole: Role? { roles.max { Self.counted($0) < Self.counted($1) } }

    /// The role's nodes, a count that is reported as wrong left out.
    private static func counted(_ role: Role) -> Int { role.hasValidCount ? role.count : 0 }
}

extension Role {
    /// True when the role has a number of nodes that can be.
    package var hasValidCount: Bool { Role.validCounts.contains(count) }

    /// No nodes at all, or more than there can be.
    package func countFinding() -> Diagnostic? {
        guard !hasValidCount else { return nil }
        let most = Role.validCounts.upperBound
        let message =
            count < 1
            ? "role \"\(name)\" needs at least one node, not \(count)"
            : "role \"\(name)\" cannot have \(count) nodes; \(most) are the most"
        let notes = count < 1 ? ["remove the role if no node shall have it"] : []
        return .error(message, at: countLocation ?? location, notes: notes)
    }
}
