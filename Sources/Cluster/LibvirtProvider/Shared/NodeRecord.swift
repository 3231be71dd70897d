import Basics
import Planning
import TopologyModel

/// Slipway's record of a node on its domain, and in its directory: enough to recognise the node without any other file.
struct NodeRecord: CodedNode {
    static let nameSpace = "urn:slipway:node:1"
    static let prefix = "slipway"

    struct Details: Sendable, Hashable, Codable {
        var address: IPv4Address?
        var image: ImageDigests
        var phase: NodePhase
        /// Digest of the domain's XML without its metadata: tells whether the definition would change.
        var definition: String
        /// Way to reach fleet; nil for TCP, and in records from before there was a choice.
        var fleet: FleetReach?
        /// True when etcd speaks TLS only; nil in records from before there was a choice.
        var etcdTLS: Bool?
        /// Record of its part in etcd, as ``EtcdHistory/mark``; no later phase resets it. Nil in records from before
        /// there was one.
        var etcdMark: String?
        /// Digests of the parts of its configuration; nil in records from before there were any.
        var parts: ConfigParts?
        /// Size asked for a virtual machine's disk; nil in records from before it was written.
        var diskGiB: Int?
        /// Root that the node was made with, where it runs another one now.
        var originalRoot: String?
        /// Root that it ran before this one; nil for none.
        var previousRoot: String?
        /// Devices that it was defined with, as ``DomainShape`` has them; nil in records from before they were written.
        var devices: [String]?
    }

    var spec: NodeSpec
    var details: Details

    init(spec: NodeSpec, details: Details) {
        self.spec = spec
        self.details = details
    }

    init(_ node: NodePlan, phase: NodePhase, definition: String) {
        spec = node.spec
        details = Details(
            address: node.address,
            image: node.image,
            phase: phase,
            definition: definition,
            fleet: node.fleet == .tcp ? nil : node.fleet,
            etcdTLS: node.etcdTLS ? true : nil,
            etcdMark: node.etcdHistory.mark,
            parts: node.configParts,
            diskGiB: node.runtime == .vm ? node.resources.diskGiB : nil,
            originalRoot: node.originalRoot,
            previousRoot: node.previousRoot,
        )
    }
}

// MARK: As metadata

extension NodeRecord {
    /// The metadata element. libvirt adds prefix and name space when it is handed over by itself.
    ///
    /// - Parameter qualified: with prefix and name space, as a domain's XML needs it.
    func element(qualified: Bool) -> XMLElement {
        var element = XMLElement(
            "node",
            [
                "cluster": spec.cluster, "node": spec.name, "role": spec.role, "index": String(spec.index),
                "runtime": spec.runtime.rawValue, "address": details.address?.description,
                "etcd": spec.etcd.rawValue, "root": details.image.root, "layer": details.image.layer,
                "base": spec.baseDigest, "config": spec.configDigest, "generation": String(spec.generation),
                "phase": details.phase.rawValue, "definition": details.definition, "fleet": details.fleet?.rawValue,
                "etcd-tls": details.etcdTLS.map { String($0) }, "certificates": spec.certificates?.description,
                "etcd-cluster": details.etcdMark, "parts": details.parts?.description,
                "disk": details.diskGiB.map { String($0) }, "made-with": details.originalRoot,
                "previous": details.previousRoot, "devices": details.devices?.joined(separator: "; "),
            ],
        )
        if qualified {
            element.name = "\(Self.prefix):node"
            element.attributes.insert(.init(name: "xmlns:\(Self.prefix)", value: Self.nameSpace), at: 0)
        }
        return element
    }

    /// Reads the metadata element; nil when it lacks what Slipway always writes, so that it is not Slipway's.
    init?(_ element: XMLElement) {
        guard element.localName == "node",
            let cluster = element["cluster"], let name = element["node"], let role = element["role"],
            let index = element["index"].flatMap({ Int($0) }),
            let runtime = element["runtime"].flatMap(Runtime.init),
            let etcd = element["etcd"].flatMap(EtcdRole.init),
            let phase = element["phase"].flatMap(NodePhase.init)
        else { return nil }
        spec = NodeSpec(
            cluster: cluster,
            name: name,
            role: role,
            index: index,
            runtime: runtime,
            etcd: etcd,
            baseDigest: element["base"] ?? "",
            configDigest: element["config"] ?? "",
            generation: element["generation"].flatMap { Int($0) } ?? 0,
            certificates: element["certificates"].flatMap { CertificateGeneration($0) },
        )
        details = Details(
            address: element["address"].flatMap { IPv4Address($0) },
            image: ImageDigests(root: element["root"] ?? "", layer: element["layer"] ?? ""),
            phase: phase,
            definition: element["definition"] ?? "",
            fleet: element["fleet"].flatMap(FleetReach.init),
            etcdTLS: element["etcd-tls"].flatMap { Bool($0) },
            etcdMark: element["etcd-cluster"],
            parts: element["parts"].flatMap { ConfigParts($0) },
            diskGiB: element["disk"].flatMap { Int($0) },
            originalRoot: element["made-with"],
            previousRoot: element["previous"],
            devices: element["devices"].map { $0.split(separator: "; ").map { String($0) } },
        )
    }

    /// Reads the metadata's text as libvirt returns it.
    init?(metadata: String) {
        guard let element = try? XMLReader.read(metadata) else { return nil }
        self.init(element)
    }
}

// MARK: As observation

extension NodeRecord {
    /// - Parameters:
    ///   - power: of the domain.
    ///   - hasDomain: false when only the directory is there.
    ///   - hasStorage: whether the directory is there, and whole.
    func observed(power: ObservedNode.Power, hasDomain: Bool, hasStorage: Bool) -> ObservedNode {
        let phase = hasDomain ? details.phase : .allocated
        var node = ObservedNode(spec, power: power, phase: phase, address: details.address, image: details.image)
        node.hasDomain = hasDomain
        node.hasStorage = hasStorage
        node.fleet = details.fleet ?? .tcp
        node.etcdTLS = details.etcdTLS ?? false
        node.etcdHistory = EtcdHistory(mark: details.etcdMark)
        node.configParts = details.parts
        node.diskGiB = details.diskGiB
        node.originalRoot = details.originalRoot
        node.previousRoot = details.previousRoot
        node.devices = details.devices
        return node
    }

    /// This record of a new definition, with what the one before knew of etcd.
    func keeping(_ known: NodeRecord) -> NodeRecord {
        var kept = self
        let planned = EtcdHistory(mark: details.etcdMark)
        kept.etcdMark = EtcdHistory(mark: known.etcdMark).keeping(over: planned, phase: known.phase).mark
        return kept
    }
}

extension ObservedNode {
    /// The remains of a node of which no more than the name is known.
    static func remains(cluster: String, name: NodeName) -> ObservedNode {
        let spec = NodeSpec(cluster: cluster, name: name.text, role: name.role, index: name.index)
        var node = ObservedNode(spec, power: .off, phase: .allocated)
        node.hasDomain = false
        node.hasStorage = false
        return node
    }
}

/// A node's name taken apart: the reverse of `Identity.nodeName`.
struct NodeName: Sendable, Hashable {
    var role: String
    var index: Int

    var text: String { Identity.nodeName(role: role, index: index) }

    /// Nil for a name that no node has.
    init?(_ text: String) {
        guard let dash = text.lastIndex(of: "-"), let index = Int(text[text.index(after: dash)...]), index > 0 else {
            return nil
        }
        role = String(text[..<dash])
        self.index = index
        guard NameRule.problem(with: role, limit: NameRule.roleLimit) == nil, self.text == text else { return nil }
    }
}
