import Basics
import Diagnostics
import FoundationEssentials
import Images
import Planning
import SecureShell
import TopologyModel

/// File of a plan's inputs beside the topology, from which the plan can be made again anywhere.
///
/// No key is in it. Digests of cloud-configs, which depend on keys, are written as they are with those of
/// ``HostSecret/published``, by which a record is planned.
package struct PlanRecord: Sendable, Codable {
    /// Version of the format; others are refused.
    package static let format = 1

    private struct Version: Decodable { var format: Int }

    private var format = Self.format
    /// Time of the record, in seconds since 1970: certificates and reboot windows depend on it.
    private var time: Int64
    private var image: ImageDigests
    private var machineImage: ImageDigests
    /// Digests of images from elsewhere, by their names in the topology.
    private var foreignImages: [String: String]
    /// Versions of the root; nil in records from before there were any.
    private var roots: [RootVersion]?
    private var observed: Observation

    /// The record of a host that has nothing of any cluster, and the images that a topology asks for.
    ///
    /// - Parameter time: seconds since 1970.
    package init(of topology: Topology, time: Int64) {
        let recipe = RootRecipe.debian12
        let layer = sha256Hex("no layer")
        self.time = time
        image = ImageDigests(root: recipe.digest, layer: layer)
        machineImage = ImageDigests(root: recipe.machine.digest, layer: layer)
        if case .version(let text, _) = topology.root { roots = [RootVersion(digest: text, made: 0)] }
        let names = topology.roles.compactMap(\.image?.words)
        foreignImages = Dictionary(names.map { ($0, sha256Hex($0)) }) { first, _ in first }
        let named = foreignImages.values + (roots ?? []).map(\.digest)
        let foreign = named.map { ImageDigests(root: $0, layer: layer) }
        observed = Observation(provider: ProviderObservation(), images: Set([image, machineImage] + foreign))
    }

    /// The record of what a plan is made from here, also of one that is refused.
    ///
    /// - Throws: `DiagnosticsError` when the topology's nodes cannot even be laid out.
    package init(of topology: Topology, inputs: PlannerInputs, observed: Observation) throws(DiagnosticsError) {
        time = inputs.certificates.now
        image = inputs.image
        machineImage = inputs.machineImage
        roots = inputs.roots.isEmpty ? nil : inputs.roots
        foreignImages = Dictionary(inputs.foreignImages.map { ($0.words, $1) }) { first, _ in first }
        self.observed = observed
        var declared = inputs
        declared.certificates.renews = false
        var published = publishedInputs(for: topology)
        (declared.rendering, published.rendering) = (.existing, .existing)
        let own = try Planner(topology: topology, inputs: declared).nodes(from: observed)
        let other = try Planner(topology: topology, inputs: published).nodes(from: observed)
        // Both place the same nodes in the same order.
        let digests = Dictionary(zip(own, other).map { ($0.name, (own: $0, other: $1)) }) { first, _ in first }
        for index in self.observed.provider.nodes.indices where observed.provider.nodes[index].cluster == topology.name
        {
            guard let (own, other) = digests[observed.provider.nodes[index].name] else { continue }
            if observed.provider.nodes[index].configDigest == own.configDigest {
                self.observed.provider.nodes[index].configDigest = other.configDigest
            }
            if let parts = observed.provider.nodes[index].configParts, let ownParts = own.configParts,
                let otherParts = other.configParts
            {
                let translated = parts.translated(from: ownParts, to: otherParts)
                self.observed.provider.nodes[index].configParts = translated
            }
            if observed.provider.nodes[index].baseDigest == own.baseDigest {
                self.observed.provider.nodes[index].baseDigest = other.baseDigest
            }
        }
    }

    /// Reads a record.
    ///
    /// - Throws: ``UserError`` that says what is wrong with which part of it.
    package init(json: some Sequence<UInt8>, file: String) throws(UserError) {
        do {
            let version = try JSONDecoder().decode(Version.self, from: Data(json)).format
            guard version == Self.format else {
                throw UserError("\(file) has format \(version), and this slipway reads \(Self.format)")
            }
            self = try JSONDecoder().decode(PlanRecord.self, from: Data(json))
        } catch let error as UserError {
            throw error
        } catch let error as DecodingError {
            throw UserError("\(file) is no record of `slipway plan --record`: \(error.text)")
        } catch {
            throw UserError("\(file) is no record of `slipway plan --record`: \(error)")
        }
    }

    /// The record as a file's text.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// The plan for a topology.
    ///
    /// - Parameter rendering: nodes that are to have their digests.
    /// - Throws: `DiagnosticsError` with what stands in the way.
    package func plan(
        _ topology: Topology,
        renewsCertificates: Bool = false,
        replaced: Set<String> = [],
        rendering: NodeRendering = .all,
    ) throws(DiagnosticsError) -> Plan {
        var inputs = publishedInputs(for: topology, renewsCertificates: renewsCertificates)
        inputs.replaced = replaced
        inputs.rendering = rendering
        return try Planner(topology: topology, inputs: inputs).plan(from: observed)
    }

    private func publishedInputs(for topology: Topology, renewsCertificates: Bool = false) -> PlannerInputs {
        let secret = HostSecret.published
        let keys = HostKeys(secret: secret, cluster: topology.name)
        let certificates = ClusterCertificates(secret: secret, cluster: topology.name, now: time)
        var inputs = PlannerInputs(
            image: image,
            machineImage: machineImage,
            authorizedKeys: ["ssh-ed25519 published"],
            hostKey: { try keys.pair(of: $0) },
            clusterKey: SSHKeyPair(privateKey: "published\n", publicKey: "ssh-ed25519 published"),
            certificates: certificates.inputs(renews: renewsCertificates),
        )
        inputs.roots = roots ?? []
        for image in topology.roles.compactMap(\.image) { inputs.foreignImages[image] = foreignImages[image.words] }
        if topology.servesDiscovery { inputs.discoveryToken = String(repeating: "0", count: 32) }
        return inputs
    }
}

extension DecodingError {
    /// Error and the part of the document that it concerns, for people.
    fileprivate var text: String {
        func place(_ path: [any CodingKey]) -> String {
            path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(place(context.codingPath)) has a value of another kind"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not JSON"
        case .dataCorrupted(let context): "\(place(context.codingPath)) has a value that is not known"
        @unknown default: "it cannot be read"
        }
    }
}
