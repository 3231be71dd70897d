import Basics
import Etcd
import FleetState
import Planning
import Provisioning
import TopologyModel
import UnitFiles

/// A cluster as the page gets it.
package struct ClusterDocument: Sendable, Hashable, Encodable {
    /// A rung of a node's way to readiness.
    package struct Rung: Sendable, Hashable, Encodable {
        /// `storage`, `defined`, `on`, `address`, `etcd`, `cloud_config`, `fleet` or `ready`.
        package var name: String
        /// Whether the node is that far.
        package var done: Bool
    }

    /// A node.
    package struct Node: Sendable, Hashable, Encodable {
        /// Name in the cluster.
        package var name: String
        /// Name of its role.
        package var role: String
        /// `container` or `vm`.
        package var runtime: String
        /// State, as `slipway status` names it.
        package var state: String
        /// True when it is ready, with its etcd healthy and fleet listing it.
        package var isWell: Bool
        /// Address; nil where it has none.
        package var address: String?
        /// Part in etcd: `leader`, `follower`, `learner`, `member` where that is not known, `proxy`, `readonly`; nil for
        /// none.
        package var part: String?
        /// Health of its etcd, as `slipway status` names it; nil without etcd.
        package var etcd: String?
        /// True when fleet lists it; nil without fleet, and when fleet could not be asked.
        package var fleet: Bool?
        /// True while its units are to leave it.
        package var isDraining: Bool
        /// Way to readiness.
        package var rungs: [Rung]
        /// ID of the machine in fleet.
        package var machineID: String
        /// Metadata that units may ask for.
        package var metadata: [String: String]
        /// Processors that fleet counts with; nil where it has not said.
        package var cpus: Int?
        /// Bytes of memory that fleet counts with; nil where it has not said.
        package var memory: UInt64?
        /// Digest of its root image; nil where that is not known.
        package var image: String?
        /// End of its certificates in seconds since 1970; nil without any.
        package var certificatesEnd: Int64?
        /// True when it starts with the host; nil where that is not known.
        package var autostart: Bool?
    }

    /// A unit.
    package struct Unit: Sendable, Hashable, Encodable {
        /// Name with suffix.
        package var name: String
        /// State wanted of it.
        package var wanted: String
        /// True when it runs on every machine that it fits.
        package var isGlobal: Bool
        /// True when it is as wanted.
        package var isWell: Bool
        /// systemd's active state by node.
        package var states: [String: String]
        /// Node that it is scheduled to; nil for none.
        package var node: String?
        /// Reason why it is placed nowhere.
        package var reason: String?
    }

    /// A member of etcd.
    package struct Member: Sendable, Hashable, Encodable {
        /// ID in hexadecimal.
        package var id: String
        /// Name of its node; of a member that has none, its own.
        package var name: String
        /// `leader`, `follower`, `learner`, or `silent` for one that is not healthy.
        package var part: String
        /// True once it has ever started.
        package var started: Bool
        /// Index of its last log entry; nil where it does not answer.
        package var index: UInt64?
        /// Bytes of its database.
        package var size: Int64?
        /// Version of the program.
        package var version: String?
    }

    /// etcd as a whole.
    package struct Etcd: Sendable, Hashable, Encodable {
        /// True when it has a majority.
        package var quorum: Bool
        /// Name of the leader's node.
        package var leader: String?
        /// Term of the last election.
        package var term: UInt64?
        /// Revision of the store.
        package var revision: Int64?
        /// Members in the order of their nodes.
        package var members: [Member]
        /// Alarms in words.
        package var alarms: [String]
        /// IDs of clusters, where the members belong to more than one.
        package var clusters: [String]?
    }

    /// A plan that is being carried out.
    package struct Run: Sendable, Hashable, Encodable {
        /// Number of its steps.
        package var steps: Int
        /// Number of those that have ended.
        package var ended: Int
        /// Number of those that have failed.
        package var failed: Int
        /// Steps under way.
        package var running: [Step]

        /// A step under way.
        package struct Step: Sendable, Hashable, Encodable {
            /// ID in the plan.
            package var id: String
            /// What is done.
            package var title: String
            /// How far it is; empty until something is said.
            package var detail: String
        }

        init(_ progress: RunProgress) {
            (steps, ended, failed) = (progress.steps, progress.ended, progress.failed)
            running = progress.running.map { Step(id: $0.id, title: $0.title, detail: $0.detail) }
        }
    }

    /// What is of all of the cluster.
    package struct Head: Sendable, Hashable, Encodable {
        /// Name of the host on which the nodes are.
        package var host: String
        /// Addresses; nil without a network.
        package var network: String?
        /// True when all is well.
        package var isWell: Bool
        /// False until etcd's members have been asked for the first time.
        package var isAsked: Bool
        /// True while fleet's state is known.
        package var hasFleet: Bool
        /// Who changes the cluster now, and by which command; nil for nobody.
        package var work: String?
        /// How far that has come; nil where it carries no plan out.
        package var run: Run?
    }

    /// Name of the cluster.
    package var cluster: String
    /// What is of all of it.
    package var head: Head
    /// etcd as a whole; nil where no member answers.
    package var etcd: Etcd?
    /// Nodes in their order.
    package var nodes: [Node]
    /// Units in their order.
    package var units: [Unit]
}

extension ClusterDocument {
    /// The document of what is seen.
    ///
    /// - Parameter host: name of the host on which the nodes are.
    package init(_ look: ClusterLook, cluster: String, host: String) {
        let seen = look.observation
        let report = StatusReport(seen, cluster: cluster)
        let etcd = seen.etcd.map { Etcd($0, look, report) }
        let parts = Dictionary((etcd?.members ?? []).map { ($0.name, $0.part) }) { first, _ in first }
        let observed = Dictionary(seen.provider.nodes(of: cluster).map { ($0.name, $0) }) { first, _ in first }
        let names = Dictionary(report.nodes.map { ($0.machineID, $0.name) }) { first, _ in first }
        self.cluster = cluster
        self.etcd = etcd
        let running = look.lease?.progress?.running ?? []
        let climbed = Dictionary(running.compactMap { step in step.node.map { ($0, Set(step.rungs)) } }) {
            $0.union($1)
        }
        head = Head(
            host: host,
            network: report.network,
            isWell: report.isWell,
            isAsked: look.isAsked,
            hasFleet: look.fleet != nil && report.quorum,
            work: look.lease?.holder,
            run: look.lease?.progress.map(Run.init),
        )
        nodes = report.nodes.compactMap { node in
            observed[node.name].map { seen in
                var document = Node(node, seen, part: parts[node.name], fleet: look.fleet)
                var told = climbed[node.name] ?? []
                if seen.runsFleet, look.observation.fleet?.setUp?.contains(node.machineID) == true {
                    told.insert(.cloudConfig)
                }
                document.rungs = Node.ladder(of: node, seen, climbed: told)
                return document
            }
        }
        units = report.units.map { unit in
            Unit(
                name: unit.name,
                wanted: unit.desired,
                isGlobal: look.fleet?.units[unit.name]?.requirements.isGlobal ?? false,
                isWell: unit.desired != "launched" || unit.isWell,
                states: unit.states,
                node: look.fleet?.machine(of: unit.name).map { names[$0] ?? String($0.prefix(8)) },
                reason: unit.reason,
            )
        }
    }
}

extension ClusterDocument.Node {
    fileprivate init(_ node: StatusReport.Node, _ seen: ObservedNode, part: String?, fleet: FleetSnapshot?) {
        name = node.name
        role = node.role
        runtime = node.runtime
        state = node.state
        isWell = node.isWell
        address = node.address
        etcd = node.etcd
        self.fleet = node.fleet
        self.part = seen.etcd == .member ? part.map { $0 == "silent" ? "member" : $0 } ?? "member" : node.etcd
        isDraining = fleet?.draining.contains(node.machineID) ?? false
        machineID = node.machineID
        metadata = fleet?.metadata(of: node.machineID) ?? [:]
        let record = fleet?.machines[node.machineID]?.record
        cpus = record?.cpus
        memory = record?.memory
        image = seen.image.map { String($0.root.prefix(12)) }
        certificatesEnd = seen.certificates?.notAfter
        autostart = seen.autostart
        rungs = []
    }

    /// The way of a node to readiness.
    ///
    /// - Parameter climbed: rungs that the command which waits for it has told of; of a node that nobody waits for, what
    ///   it is says which it must have climbed.
    fileprivate static func ladder(
        of node: StatusReport.Node,
        _ seen: ObservedNode,
        climbed: Set<Provisioning.Rung>,
    ) -> [ClusterDocument.Rung] {
        let isOn = seen.power == .running
        let isReady = node.state == "ready"
        let isHealthy = isOn && node.etcd == "healthy"
        let isListed = isOn && node.fleet == true
        func hasClimbed(_ rung: Provisioning.Rung) -> Bool { isOn && (isReady || climbed.contains(rung)) }
        var rungs = [("storage", seen.hasStorage), ("defined", seen.hasDomain), ("on", isOn)]
        rungs.append(("address", isOn && (isReady || !climbed.isEmpty) || isListed || isHealthy))
        switch seen.etcd {
        case .none: break
        case .member: rungs.append(("etcd", isHealthy))
        // It registers with fleet through its own proxy.
        case .proxy, .readonly: rungs.append(("etcd", isListed || hasClimbed(.etcd)))
        }
        // Whether it is to have that, only who waits for it knows.
        if climbed.contains(.flannel) { rungs.append(("flannel", isOn)) }
        rungs.append(("cloud_config", hasClimbed(.cloudConfig)))
        if seen.runsFleet { rungs.append(("fleet", node.fleet == true)) }
        rungs.append(("ready", isReady))
        return rungs.map { ClusterDocument.Rung(name: $0.0, done: $0.1) }
    }
}

extension ClusterDocument.Etcd {
    fileprivate init(_ seen: ObservedEtcd, _ look: ClusterLook, _ report: StatusReport) {
        quorum = seen.hasQuorum
        let members = seen.members.map { member in
            let node = look.observation.provider.nodes(of: report.cluster).first { node in
                node.peerURL.map(member.peerURLs.contains) ?? false
            }
            let name = node?.name ?? (member.name.isEmpty ? member.id : member.name)
            let status = look.members[name]
            let follows = member.learner ? "learner" : "follower"
            let isLeader = look.leaderID.map { "\($0)" == member.id } ?? false
            return ClusterDocument.Member(
                id: member.id,
                name: name,
                part: !member.healthy ? "silent" : isLeader ? "leader" : follows,
                started: member.started,
                index: status?.raftIndex,
                size: status?.databaseSize,
                version: status?.version,
            )
        }
        self.members = members.naturallySorted(by: \.name)
        leader = members.first { $0.part == "leader" }?.name
        term = look.term
        revision = look.members.values.map(\.revision).max()
        alarms = (seen.alarms ?? []).map(\.consequence)
        clusters = report.etcdClusters
    }
}
