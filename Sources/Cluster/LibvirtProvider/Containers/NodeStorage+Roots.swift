import Basics
import NodeBoot
import Planning
import Provisioning

/// The images that a node boots. The node itself chooses, by its boot record, and makes its own files ready for the root.
extension NodeStorage {
    /// The host's images, of which nodes choose.
    var images: String { "\(home)/images" }

    /// Directory of a node's boot record.
    func boot(of node: NodeReference) -> BootDirectory { BootDirectory("\(directory(of: node))/boot") }

    /// Throws where a node cannot run on another root: where users of the node would own what is another's there.
    func checkRoot(of node: NodePlan, image: NodeImagePaths) throws {
        let reference = NodeReference(node)
        guard let present = try content(of: reference), present.record.baseDigest == node.baseDigest else { return }
        let record = boot(of: reference).record
        let old = record?.filesRoot.flatMap { $0 == BootRecord.between ? nil : $0 } ?? present.record.image.root
        guard old != node.image.root else { return }
        // Roots lie beside each other.
        let roots = image.root.split(separator: "/").dropLast().joined(separator: "/")
        let problem = try explained("examine the accounts of \(node.domainName)") {
            try OwnFiles(of: directory(of: reference)).conflict(with: image.root, on: "/\(roots)/\(old)")
        }
        guard let problem else { return }
        throw ProviderError(
            .conflict,
            "\(node.domainName) cannot run on root \(node.image.root.prefix(12)): \(problem)"
        )
    }

    /// Tells a node of its plan's image, for its next boot; without a trial in the plan, takes back what it was told.
    func stage(_ node: NodePlan) throws {
        let directory = boot(of: NodeReference(node))
        try explained("tell \(node.domainName) of another image") {
            guard node.trial != nil, let entry = BootRecord.Entry(node) else { return try directory.unstage() }
            try directory.stage(entry)
        }
    }

    /// Has a node, which is off, boot its plan's image: for a trial where the plan has one, and for good otherwise.
    ///
    /// - Parameter present: record of the node's directory before; nil for a new one.
    func setBoot(of node: NodePlan, present: NodeRecord?) throws {
        guard let entry = BootRecord.Entry(node) else {
            throw ProviderError(.failed, "cannot have \(node.domainName) boot an image called \(node.image.root)")
        }
        let directory = boot(of: NodeReference(node))
        let known = directory.record
        var record = known ?? BootRecord(filesRoot: present?.image.root ?? node.image.root)
        record.want(entry, fallback: node.trial.flatMap { BootRecord.Entry($0) })
        try explained("write the boot record of \(node.domainName)") {
            try directory.unstage()
            if record != known { try directory.write(record) }
        }
    }
}
