import Basics
import Etcd

/// Compacts and defragments etcd, one member after the other, and takes back alarms about space.
///
/// A member that defragments answers nobody, so it is done only while all others do, and the leader, which would keep
/// all writes waiting, comes last.
package struct EtcdUpkeep: Sendable {
    private let etcd: EtcdHTTPClient
    /// Revisions that can still be read afterwards.
    private let kept: Int64
    private let limits: Limits
    private let say: @Sendable (String) -> Void

    /// How long things may take.
    package struct Limits: Sendable {
        /// One member's defragmentation. etcd writes its whole database anew, which is at most 8 GiB.
        package var defragmentation = Duration.seconds(600)
        /// Until a member has caught up with the others afterwards.
        package var catchingUp = Duration.seconds(60)

        package init() {}
    }

    /// - Parameters:
    ///   - kept: number of last revisions that can still be read afterwards; at least 0.
    ///   - say: told how far it is.
    package init(
        _ etcd: EtcdHTTPClient,
        keeping kept: Int64,
        limits: Limits = Limits(),
        say: @escaping @Sendable (String) -> Void,
    ) {
        (self.etcd, self.kept, self.limits, self.say) = (etcd, kept, limits, say)
    }

    /// What was done.
    package struct Report: Sendable, Hashable {
        /// A member before and after.
        package struct Member: Sendable, Hashable {
            /// Name.
            package var name: String
            /// Size of its database in bytes, before.
            package var sizeBefore: Int64
            /// Size of its database in bytes, after.
            package var sizeAfter: Int64
        }

        /// Members in the order in which they were defragmented.
        package var members: [Member] = []
        /// Oldest revision that can be read; nil where nothing was compacted.
        package var compactedTo: Int64?
        /// Names of members whose alarm about space was taken back.
        package var disarmed: [String] = []
    }

    /// - Throws: ``ProvisioningError`` before anything is done where a member is not well, and where etcd still takes no
    ///   writes afterwards; `EtcdError`.
    package func run() async throws -> Report {
        var report = Report()
        let members = try await etcd.members().naturallySorted(by: \.name)
        let wellBefore = try await statuses(of: members)
        let full = try await etcd.alarms().filter { $0.kind == .noSpace }
        let revision = wellBefore.values.map(\.revision).max() ?? 0
        if revision - kept >= 1 {
            say("forgetting what keys were before revision \(revision - kept)")
            try await etcd.compact(before: revision - kept)
            report.compactedTo = revision - kept
        }
        let leader = wellBefore.values.compactMap(\.leader).first
        for member in members.filter({ $0.id != leader }) + members.filter({ $0.id == leader }) {
            report.members.append(try await defragment(member, of: members))
        }
        for alarm in full { try await etcd.disarm(alarm) }
        report.disarmed = Self.names(of: full, members)
        if !full.isEmpty { try await requireWrites() }
        return report
    }

    private func defragment(_ member: Member, of members: [Member]) async throws -> Report.Member {
        let before = try await statuses(of: members)
        guard let url = Self.url(of: member), let own = before[member.id] else { throw Self.unwell([member]) }
        say("defragmenting \(member.name)")
        try await etcd.defragment(url, within: limits.defragmentation)
        let others = before.values.map(\.raftIndex).max() ?? 0
        let after = try await Waiting.until(limits.catchingUp, pause: .milliseconds(100)) { () -> MemberStatus? in
            guard (try? await etcd.health(of: url)) == true, let now = try? await etcd.status(of: url) else {
                return nil
            }
            return now.raftIndex >= others ? now : nil
        }
        guard let after else {
            throw ProvisioningError(
                "\(member.name) is not well \(limits.catchingUp) after it was defragmented",
                hints: ["`slipway logs CLUSTER \(member.name)` says why; the others were left as they are"]
            )
        }
        return Report.Member(name: member.name, sizeBefore: own.databaseSize, sizeAfter: after.databaseSize)
    }

    /// Status of each member.
    ///
    /// - Throws: where one of them is not well: a second that does not answer could cost the majority.
    private func statuses(of members: [Member]) async throws -> [MemberID: MemberStatus] {
        var found: [MemberID: MemberStatus] = [:]
        for member in members {
            guard let url = Self.url(of: member), (try? await etcd.health(of: url)) == true,
                let status = try? await etcd.status(of: url)
            else { continue }
            found[member.id] = status
        }
        let unwell = members.filter { found[$0.id] == nil }
        guard unwell.isEmpty else { throw Self.unwell(unwell) }
        return found
    }

    /// A lease is refused while there is no space, and leaves nothing behind.
    private func requireWrites() async throws {
        do {
            let lease = try await etcd.grantLease(ttl: 10)
            try await etcd.revoke(lease.id)
        } catch {
            guard error.code == .refused else { throw error }
            throw ProvisioningError(
                "etcd still takes no writes: \(error)",
                hints: ["delete keys that are not needed any more, or run this again with --keep 0"]
            )
        }
    }

    private static func unwell(_ members: [Member]) -> ProvisioningError {
        let names = members.map { $0.name.isEmpty ? "\($0.id), which never started" : $0.name }
        return ProvisioningError(
            "not all members are well: \(names.joined(separator: ", "))",
            hints: [
                "bring them back first, with `slipway up`: a member that is defragmented does not answer meanwhile, so the "
                    + "others have to"
            ]
        )
    }

    private static func url(of member: Member) -> String? {
        member.outerURL ?? member.clientURLs.first
    }

    private static func names(of alarms: [EtcdAlarm], _ members: [Member]) -> [String] {
        alarms.map { alarm in members.first { $0.id == alarm.member }?.name ?? "\(alarm.member)" }.naturallySorted()
    }
}
