import Planning

/// Difference between two documents of a cluster: what the page has to change.
package struct ClusterDelta: Sendable, Hashable, Encodable {
    /// Name of the cluster.
    package var cluster: String
    /// What is of all of it, where that is not as it was.
    package var head: ClusterDocument.Head?
    /// etcd, where it is not as it was.
    package var etcd: ClusterDocument.Etcd?
    /// True where no member answers any more.
    package var hasNoEtcd: Bool?
    /// Nodes that are new or not as they were.
    package var nodes: [ClusterDocument.Node]?
    /// Names of nodes that are gone.
    package var goneNodes: [String]?
    /// Units that are new or not as they were.
    package var units: [ClusterDocument.Unit]?
    /// Names of units that are gone.
    package var goneUnits: [String]?

    /// Nil where nothing has changed.
    package init?(from old: ClusterDocument, to new: ClusterDocument) {
        guard old != new else { return nil }
        cluster = new.cluster
        head = old.head == new.head ? nil : new.head
        etcd = old.etcd == new.etcd ? nil : new.etcd
        hasNoEtcd = old.etcd != nil && new.etcd == nil ? true : nil
        (nodes, goneNodes) = Self.changes(from: old.nodes, to: new.nodes, by: \.name)
        (units, goneUnits) = Self.changes(from: old.units, to: new.units, by: \.name)
    }

    private static func changes<Part: Hashable>(
        from old: [Part],
        to new: [Part],
        by name: KeyPath<Part, String>,
    ) -> (changed: [Part]?, gone: [String]?) {
        let before = Dictionary(old.map { ($0[keyPath: name], $0) }) { first, _ in first }
        let names = Set(new.map { $0[keyPath: name] })
        let changed = new.filter { before[$0[keyPath: name]] != $0 }
        let gone = old.map { $0[keyPath: name] }.filter { !names.contains($0) }
        return (changed.isEmpty ? nil : changed, gone.isEmpty ? nil : gone)
    }
}
