import Backups
import Basics
import Etcd
import FleetState
import FoundationEssentials
import Planning
import Provisioning
import SecureShell
import Subprocess
import SystemPackage
import TopologyModel

/// What one member still holds of an etcd that has lost its majority.
package struct SalvagedMember: Sendable, Hashable {
    /// Name of the node.
    package var name: String
    /// Revision of its store: the member with the greatest has all that the others have.
    package var revision: Int64
    /// Term of the last election that it knows of: while there is no majority, each attempt at one counts.
    package var raftTerm: UInt64
    /// Index of the last entry that it knows to be agreed on, which keys of version 2 count in as well.
    package var raftIndex: UInt64
    /// Keys of its v3 store.
    package var keys: Int64
}

/// What is left of a cluster's etcd, and the backup that was made of the best of it.
package struct Salvage: Sendable {
    /// Members whose data could be read, the best first.
    package var members: [SalvagedMember]
    /// Names of members whose data are lost.
    package var lost: [String]
    /// The backup that was made of the first member's data.
    package var backup: WrittenBackup
}

extension HostWorkspace {
    /// Time for copying a member's data.
    private static let copyLimit = Duration.seconds(600)

    /// Reads what members of an etcd without a majority hold, and writes a backup of the best. Nothing of the cluster is
    /// changed.
    ///
    /// A member whose etcd still answers hands over its store. Where it was started again since, it answers nobody, and
    /// its files are read by an etcd of this host. In them the mark that the last entry was agreed on may be missing,
    /// which etcd writes along with the next one.
    ///
    /// - Parameters:
    ///   - lost: names of members that are given up though they may still have data.
    ///   - path: of the backup.
    ///   - say: told how far it is.
    /// - Throws: ``UserError`` where etcd has its majority or can have it again, where a member's data are neither read nor
    ///   given up, and where none are left.
    package func salvage(
        _ cluster: ClusterName,
        _ files: TopologyFiles,
        lost: Set<String>,
        to path: String,
        say: @escaping @Sendable (String) -> Void,
    ) async throws -> Salvage {
        let programs = try etcdPrograms()
        let name = cluster.description
        let seen = try await observer(of: name).observe(name)
        let nodes = seen.provider.nodes(of: name)
        let survivors = try survivors(of: name, seen, lost: lost)
        let targets = try sshTargets(cluster: cluster, nodes: survivors)
        return try await staging { directory in
            var found: [(member: SalvagedMember, stored: StoredKeys)] = []
            for (target, node) in zip(targets, survivors) {
                let place = "\(directory)/\(target.node)"
                do {
                    if let live = try await handedOver(by: node, nodes, to: place + ".db", programs) {
                        say("\(target.node) handed over its store")
                        found.append(live)
                        continue
                    }
                    say("reading etcd's files on \(target.node)")
                    guard try await copyData(of: target, cluster, to: place) else {
                        // An earlier recovery made it, and was cut short before it gave it anything.
                        if !node.mayHoldEtcdData { continue }
                        throw Self.unread(target.node, of: name, "its directory is not there")
                    }
                    found.append(
                        try await ScratchEtcd.with(data: place, programs: programs) { scratch in
                            let legacy = try await scratch.client.legacyKeys()
                            try await scratch.save(to: place + ".db", within: Self.snapshotLimit)
                            var status = try await scratch.client.status(of: scratch.endpoint)
                            // It has elected itself, once.
                            status.raftTerm -= min(status.raftTerm, 1)
                            return try await Self.holding(scratch, place + ".db", legacy, status, of: node, nodes)
                        }
                    )
                } catch let error as BackupError {
                    throw Self.unread(target.node, of: name, "\(error)")
                }
            }
            found.sort { Self.rank($1.member) < Self.rank($0.member) }
            let members = Set(nodes.filter { $0.etcd == .member }.map(\.name))
            guard let best = found.first else { throw nothingLeft(name) }
            guard found.count <= members.count / 2 else {
                throw Self.majorityLeft(name, found.count, of: members.count)
            }
            let backup = try writeBackup(best.stored, of: name, nodes, files, to: path)
            let kept = Set(found.map(\.member.name))
            return Salvage(
                members: found.map(\.member),
                lost: members.subtracting(kept).naturallySorted(),
                backup: backup,
            )
        }
    }

    /// Members whose data can be read.
    private func survivors(
        of cluster: String,
        _ seen: Observation,
        lost: Set<String>,
    ) throws(UserError) -> [ObservedNode] {
        let members = seen.provider.nodes(of: cluster).filter { $0.etcd == .member }
        guard !members.isEmpty else { throw UserError("cluster '\(cluster)' has no member of etcd; see: slipway list") }
        guard seen.etcd?.hasQuorum != true else {
            throw UserError(
                "etcd of cluster '\(cluster)' has its majority, and nothing is to be recovered; "
                    + "`slipway up --replace NODE` makes a member anew with the data of the others"
            )
        }
        let unknown = lost.subtracting(members.map(\.name)).naturallySorted()
        guard unknown.isEmpty else { throw UserError("no member of etcd is called \(unknown.joined(separator: ", "))") }
        for member in members where lost.contains(member.name) && member.power == .running {
            throw UserError(
                "\(member.name) is on; give it up only when it is off: slipway stop \(cluster) \(member.name)"
            )
        }
        let kept = members.filter { node in
            // What was made by an earlier recovery and never started holds nothing.
            let isEmpty = !node.mayHoldEtcdData && node.phase <= .defined && node.power == .off
            return node.hasStorage && node.hasDomain && !lost.contains(node.name) && !isEmpty
        }
        if let off = kept.first(where: { $0.power != .running }) {
            throw UserError(
                "\(off.name) is off, and may have data that no other member has; start it: slipway start \(cluster) "
                    + "\(off.name), or give it up: --lost \(off.name)"
            )
        }
        guard !kept.isEmpty else { throw nothingLeft(cluster) }
        return kept
    }

    /// What cannot be read, now and here, is not gone: only a person gives it up.
    private static func unread(_ node: String, of cluster: String, _ reason: String) -> UserError {
        UserError(
            "etcd's data on \(node) cannot be read: \(reason)\n"
                + "  repair that, or give it up: slipway stop \(cluster) \(node), then --lost \(node)"
        )
    }

    private static func majorityLeft(_ cluster: String, _ count: Int, of all: Int) -> UserError {
        UserError(
            "\(count) of \(all) members of etcd in cluster '\(cluster)' have their data, which is a majority: `slipway up` "
                + "brings etcd back, and `slipway replace` makes a broken member anew"
        )
    }

    private func nothingLeft(_ cluster: String) -> UserError {
        let lost = "no member of etcd in cluster '\(cluster)' has its data any more"
        guard let newest = newestBackup(of: cluster) else {
            return UserError("\(lost); where there is a backup: slipway restore BACKUP")
        }
        let minutes = max(0, Int64(Date().timeIntervalSince1970) - newest.time) / 60
        let age = minutes < 120 ? "\(minutes) min" : minutes < 2880 ? "\(minutes / 60) h" : "\(minutes / 1440) d"
        return UserError(
            "\(lost)\n  the newest backup on this host was made \(age) ago; to begin with that: "
                + "slipway restore \(newest.path)"
        )
    }

    /// Newest of a cluster's backups where a schedule puts them; nil for none.
    package func newestBackup(of cluster: String) -> (path: String, time: Int64)? {
        let directory = backupDirectory(of: cluster)
        let kept = BackupRetention(directory: directory, cluster: cluster)
        // A directory that is not there has none.
        guard let name = (try? kept.backups())?.first, let time = kept.time(of: name) else { return nil }
        return ("\(directory)/\(name)", time)
    }

    /// Directory in which a schedule puts a cluster's backups, unless it is told another.
    package func backupDirectory(of cluster: String) -> String {
        home.appending("backups").appending(cluster).string
    }

    /// Copies a member's data while its etcd stands still, as a power cut would leave them.
    ///
    /// - Returns: false where there are none.
    private func copyData(of target: SSHTarget, _ cluster: ClusterName, to place: String) async throws -> Bool {
        let archive = place + ".tar"
        let script = """
            data=$(systemctl show --property=Environment --value etcd2.service | tr ' ' '\\n' |
                sed -n 's/^ETCD_DATA_DIR=//p' | tail -n 1)
            trap 'systemctl kill --signal=CONT etcd2.service 2>/dev/null || true' EXIT
            trap 'exit 1' HUP INT TERM
            systemctl kill --signal=STOP etcd2.service 2>/dev/null || true
            data=${data:-/var/lib/etcd2}
            if [ -d "$data/member" ]; then tar -C "$data" -cf - member; fi
            """
        do {
            let command = "sudo sh -c \(ShellWord.quoted(script))"
            try await sshClient(cluster: cluster).save(command, on: target, to: archive, deadline: Self.copyLimit)
        } catch let error as SSHError {
            throw Self.unread(target.node, of: cluster.description, "\(error)")
        }
        guard try FileStatus(of: archive).size > 0 else { return false }
        try FileManager.default.createDirectory(
            atPath: place,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700],
        )
        let unpacked = try await Subprocess.run(
            .name("tar"),
            arguments: ["--extract", "--no-same-owner", "--directory", place, "--file", archive],
            output: .discarded,
            error: .string(limit: 1 << 16),
        )
        guard unpacked.terminationStatus.isSuccess else {
            throw Self.unread(target.node, of: cluster.description, unpacked.standardError.trimmed)
        }
        try FileManager.default.removeItem(atPath: archive)
        return true
    }

    /// What a member's own etcd says.
    ///
    /// - Returns: nil where it does not answer.
    private func handedOver(
        by node: ObservedNode,
        _ nodes: [ObservedNode],
        to snapshot: String,
        _ programs: EtcdPrograms,
    ) async throws -> (member: SalvagedMember, stored: StoredKeys)? {
        let etcd = try etcdClient(of: node.cluster, nodes: [node])
        let endpoint = etcd.endpoints[0]
        let (status, legacy): (MemberStatus, [EtcdHTTPClient.LegacyKey]?)
        do {
            status = try await etcd.status(of: endpoint)
            legacy = try await etcd.legacyKeys(asOf: endpoint)
            try await SnapshotFile.write(snapshot) { take in
                try await etcd.snapshot(of: endpoint, within: Self.snapshotLimit, take)
            }
        } catch is EtcdError {
            // One that was started again without a majority takes connections and does not answer.
            return nil
        }
        let directory = snapshot + ".scratch"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return try await ScratchEtcd.with(snapshot: snapshot, in: directory, programs: programs) { scratch in
            try await Self.holding(scratch, snapshot, legacy, status, of: node, nodes)
        }
    }

    /// - Parameter status: of the member itself, or of the etcd that stands for it.
    private static func holding(
        _ scratch: ScratchEtcd,
        _ snapshot: String,
        _ legacy: [EtcdHTTPClient.LegacyKey]?,
        _ status: MemberStatus,
        of node: ObservedNode,
        _ nodes: [ObservedNode],
    ) async throws -> (member: SalvagedMember, stored: StoredKeys) {
        let contents = try await scratch.contents()
        let etcd = BackupManifest.Etcd(
            cluster: status.cluster,
            version: status.version,
            revision: contents.revision,
            keys: contents.keys,
            legacyKeys: legacy?.count,
            members: nodes.filter { $0.etcd == .member }.map { node in
                let urls = [node.peerURL].compactMap(\.self)
                return BackupManifest.Etcd.Member(name: node.name, addresses: urls, isLearner: false)
            },
        )
        let fleet = try await RegistryFleet(registry: FleetRegistry(etcd: scratch.client)).observe()
        let member = SalvagedMember(
            name: node.name,
            revision: contents.revision,
            raftTerm: status.raftTerm,
            raftIndex: status.raftIndex,
            keys: contents.keys,
        )
        return (member, StoredKeys(snapshot: snapshot, etcd: etcd, legacy: legacy, fleet: fleet))
    }

    /// Greater for who has more.
    private static func rank(_ member: SalvagedMember) -> (Int64, UInt64) { (member.revision, member.raftIndex) }
}
