import Planning

/// Steps that put nodes back to a snapshot.
extension Executor {
    func putBack(_ action: SnapshotAction) async throws {
        switch action {
        case .stage(let node, let snapshot): try await provider.stageNode(node, from: snapshot)
        case .begin(let snapshot): try await provider.beginRestore(snapshot)
        case .powerOff(let node): try await provider.powerOff(node)
        case .place(let node, _): try await provider.placeNode(node)
        case .finish(let snapshot): try await provider.endRestore(snapshot)
        case .remove(let cluster, let names): try await provider.removeSnapshots(names, of: cluster)
        }
    }
}
