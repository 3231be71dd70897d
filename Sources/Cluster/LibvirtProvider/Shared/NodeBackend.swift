import Planning
import Provisioning

/// Nodes of one runtime on one libvirt connection.
///
/// Whatever concerns domains of every kind is written once over it; a back end adds its storage, its definition, and
/// how its nodes are asked to end.
protocol NodeBackend: Sendable {
    var driver: RuntimeDriver { get }
    /// True when libvirt checks definitions against its schema, which does not know all of a container's.
    var validatesDefinitions: Bool { get }
    /// Time after which a request to shut down is repeated, since a system that is still booting drops it.
    var shutdownInterval: Duration { get }

    /// Definition of the node's domain.
    func definition(of node: NodePlan, image: NodeImagePaths) async throws -> any DomainDefinition
    /// Makes the node's storage, or brings it up to date. The domain of that name is Slipway's.
    func allocate(_ node: NodePlan, image: NodeImagePaths) async throws
    /// Throws what ``allocate(_:image:)`` would throw of an existing node, without changing anything.
    func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws
    /// Starts the node's domain, and sees to it that libvirt keeps it.
    ///
    /// - Parameter start: starts it where libvirt does not take it for running, and returns whether it did.
    func start(_ node: NodeReference, by start: () async throws -> Bool) async throws
    /// Asks the node to shut down, and does not wait for it.
    ///
    /// - Returns: false when nothing was found that could be asked.
    func requestShutdown(_ node: NodeReference) async throws -> Bool
    /// Ends the node by a shorter way than libvirt's own.
    ///
    /// - Returns: false where there is none, or the node still runs.
    func kill(_ node: NodeReference) async throws -> Bool
    /// Removes domain, storage and every other trace of the node. The domain of that name is Slipway's.
    func remove(_ node: NodeReference) async throws
    /// Last lines of the node's logs, for an error that is being reported: what cannot be read is left out.
    func evidence(for node: NodeReference, lines: Int) async -> [String]
}

extension NodeBackend {
    func start(_ node: NodeReference, by start: () async throws -> Bool) async throws { _ = try await start() }
}

/// Definition of a node's domain.
protocol DomainDefinition: Sendable {
    var node: NodePlan { get }
    func document(metadata: NodeRecord?) -> XMLElement
}

extension DomainDefinition {
    /// Record that is written onto the domain.
    func record(phase: NodePhase) -> NodeRecord {
        let document = document(metadata: nil)
        var record = NodeRecord(node, phase: phase, definition: String(sha256Hex(document.rendered()).prefix(16)))
        record.devices = DomainShape(document).devices
        return record
    }

    func text(phase: NodePhase) -> String {
        document(metadata: record(phase: phase)).rendered()
    }
}
