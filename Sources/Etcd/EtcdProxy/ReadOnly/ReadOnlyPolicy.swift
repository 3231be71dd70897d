/// Requests that a read-only proxy forwards: those known to change nothing.
///
/// A call that a later etcd brings is refused until it is listed here, since its effect is unknown.
enum ReadOnlyPolicy {
    enum Verdict: Sendable, Hashable {
        case pass
        case refuse
        /// A transaction: what it does is in its body.
        case inspect
    }

    /// etcd's gRPC methods that only read, as `service/method`. Authentication gives out a token and changes no data.
    private static let calls: Set<String> = [
        "etcdserverpb.KV/Range", "etcdserverpb.Watch/Watch",
        "etcdserverpb.Lease/LeaseTimeToLive", "etcdserverpb.Lease/LeaseLeases",
        "etcdserverpb.Cluster/MemberList",
        "etcdserverpb.Maintenance/Status", "etcdserverpb.Maintenance/Hash", "etcdserverpb.Maintenance/HashKV",
        "etcdserverpb.Maintenance/Snapshot",
        "etcdserverpb.Auth/Authenticate", "etcdserverpb.Auth/AuthStatus", "etcdserverpb.Auth/UserGet",
        "etcdserverpb.Auth/UserList", "etcdserverpb.Auth/RoleGet", "etcdserverpb.Auth/RoleList",
        "v3electionpb.Election/Leader", "v3electionpb.Election/Observe",
        "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch",
    ]

    /// The same behind the JSON gateway, below its version.
    private static let gatewayPaths: Set<String> = [
        "kv/range", "watch", "lease/timetolive", "kv/lease/timetolive", "lease/leases", "kv/lease/leases",
        "cluster/member/list", "maintenance/status", "maintenance/hash", "maintenance/hashkv",
        "maintenance/snapshot", "auth/authenticate", "auth/status", "auth/user/get", "auth/user/list", "auth/role/get",
        "auth/role/list", "election/leader", "election/observe",
    ]

    private static let gatewayVersions = ["/v3/", "/v3beta/", "/v3alpha/"]

    /// - Parameter path: as it stands in the request, with its query. One that is written in an unusual way is one that
    ///   is not known.
    static func verdict(method: String, path: String) -> Verdict {
        switch method {
        case "GET", "HEAD", "OPTIONS": return .pass
        case "POST": break
        default: return .refuse
        }
        let path = String(path.prefix { $0 != "?" })
        guard let call = gatewayCall(path) else { return .refuse }
        return call == "kv/txn" ? .inspect : gatewayPaths.contains(call) ? .pass : .refuse
    }

    /// - Parameter path: of a gRPC stream.
    static func verdict(call path: String) -> Verdict {
        let call = String(path.drop { $0 == "/" })
        return call == "etcdserverpb.KV/Txn" ? .inspect : calls.contains(call) ? .pass : .refuse
    }

    private static func gatewayCall(_ path: String) -> String? {
        gatewayVersions.first(where: path.hasPrefix).map { String(path.dropFirst($0.count)) }
    }

    static func refusal(_ what: String) -> String { "this etcd proxy is read-only and refuses \(what)" }
}
