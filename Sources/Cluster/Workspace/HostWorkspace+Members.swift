import Etcd
import Planning
import TopologyModel

extension HostWorkspace {
    /// Status of each etcd member that answers, by the name of its node.
    package func memberStatuses(of cluster: String, nodes: [ObservedNode]) async throws -> [String: MemberStatus] {
        let members = nodes.filter { $0.etcd == .member && $0.power == .running && $0.clientURL != nil }
        guard !members.isEmpty else { return [:] }
        let etcd = try etcdClient(of: cluster, nodes: members)
        return await withTaskGroup(of: (String, MemberStatus?).self) { group in
            for member in members {
                guard let url = member.clientURL else { continue }
                group.addTask {
                    // One that does not answer has no figures.
                    do { return (member.name, try await etcd.status(of: url)) } catch { return (member.name, nil) }
                }
            }
            var found: [String: MemberStatus] = [:]
            for await (name, status) in group { found[name] = status }
            return found
        }
    }
}
