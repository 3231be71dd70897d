import Etcd
import TestKit

/// What every ``EtcdClient`` must do; run against the fake and the real one. Each check works under a prefix of its
/// own.
struct EtcdContract: Sendable {
    let name: String
    let check: @Sendable (any EtcdClient, String) async throws -> Void

    static let all = [
        EtcdContract(name: "values", check: values), EtcdContract(name: "ranges", check: ranges),
        EtcdContract(name: "preconditions", check: preconditions),
        EtcdContract(name: "comparisons", check: comparisons),
        EtcdContract(name: "refusals", check: refusals), EtcdContract(name: "leases", check: leases),
        EtcdContract(name: "watch", check: watch), EtcdContract(name: "watch from the past", check: watchPast),
        EtcdContract(name: "one batch for a revision", check: watchAtomic),
    ]
}
