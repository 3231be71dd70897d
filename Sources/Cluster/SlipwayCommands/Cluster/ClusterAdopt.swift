import ArgumentParser
import Basics
import Diagnostics
import Planning
import Provisioning
import Terminal
import TopologyLoading
import TopologyModel
import Workspace

struct ClusterAdopt: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Write into the file what was changed by hand in libvirt.",
        discussion: """
            Where all nodes of a role are defined with another memory or other cpus than the file says (virsh edit, \
            setmaxmem, setvcpus), or all nodes start with the host where the file says otherwise, the file is given those \
            values, each at its place; comments and order stay. The changes are shown first, and asked for. Nothing is \
            restarted: nodes that run with those values keep running, and `plan` then has nothing to do for them.

            What the file cannot say is named; `up` puts it back.
            """,
    )

    @Argument(help: "A topology file, or a name for which there is one.")
    var cluster: String
    @OptionGroup var connect: ConnectOptions
    @OptionGroup var output: JSONOption
    @OptionGroup var confirm: ConfirmOption

    func validate() throws {
        guard !DiskFiles.isReadOnce(cluster) else {
            throw ValidationError("adopt needs a file, and \(cluster) can only be read")
        }
    }

    func run() async throws {
        let path = try ClusterArgument(cluster).path()
        let text = try Diagnosing.text(at: path)
        let topology = try loaded(text, path)
        let workspace = try await HostWorkspace.open(connect.uri, reachesNodes: true)
        let observed = try await workspace.provider.observe()
        guard observed.nodes(of: topology.name).contains(where: \.hasDomain) else {
            throw UserError("There is no cluster '\(topology.name)': slipway up \(cluster)")
        }
        let adoption = Adoption(topology, observed: observed)
        var edited = text
        for change in adoption.changes {
            edited = try TopologyEditing.set(
                change.key,
                ofRole: change.role,
                to: change.new,
                in: edited,
                file: DiskFiles.name(of: path),
            )
        }
        // What libvirt takes the file may not: it says so before anything is written.
        let changed = try loaded(edited, path)
        if !output.json { show(adoption, from: text, to: edited, path) }
        if !adoption.changes.isEmpty {
            try await agree(path)
            try AtomicFile.rewrite(edited, at: path)
            if !output.json { Output.note("Written to \(path).") }
            try await takeUp(changed, workspace)
        }
        if output.json { try Output.json(AdoptionPayload(topology.name, path, adoption)) }
    }

    private func loaded(_ text: String, _ path: String) throws -> Topology {
        let loaded = TopologyLoader().load(text, file: DiskFiles.name(of: path))
        Diagnosing.show(loaded.diagnostics.filter { $0.severity == .error }, sources: loaded.sources)
        guard let topology = loaded.topology, !loaded.diagnostics.hasErrors else {
            throw ToldFailure(loaded.diagnostics)
        }
        return topology
    }

    private func show(_ adoption: Adoption, from text: String, to edited: String, _ path: String) {
        if adoption.changes.isEmpty {
            Output.print("Nothing to adopt: what nodes are defined with is as \(path) says.")
        } else {
            Output.print(([path + ":"] + LineChanges(from: text, to: edited).lines).joined(separator: "\n"))
        }
        guard !adoption.rest.isEmpty else { return }
        let lines = adoption.rest.map { "  \($0)" }
        Output.print(
            "The file cannot say this; slipway up \(cluster) puts it back, or says what does:\n"
                + lines.joined(separator: "\n")
        )
    }

    private func agree(_ path: String) async throws {
        guard !confirm.yes else { return }
        guard try await Question.isConfirmed("This changes \(path).") else {
            Output.note("Nothing was changed.")
            throw ToldFailure("Nothing was changed.")
        }
    }

    /// Records on the nodes that what they are defined with is what the file asks for.
    private func takeUp(_ topology: Topology, _ workspace: HostWorkspace) async throws {
        let cluster = try ClusterName(topology.name)
        try await workspace.changing(cluster, purpose: "slipway adopt \(self.cluster)", note: Output.note) { _ in
            let plan = try await workspace.plan(topology, progress: Output.note).plan
            try await workspace.recording("slipway adopt \(self.cluster)", of: topology.name) {
                for step in plan.steps {
                    guard case .defineNode(let node) = step.action else { continue }
                    let image = try await workspace.images.ensure(node.image) { _ in }
                    try await workspace.provider.redefine(node, image: image)
                }
            }
        }
    }
}

/// Lines that a text has lost and gained, as a list.
struct LineChanges {
    let lines: [String]

    init(from old: String, to new: String) {
        let (before, after) = (
            old.split(separator: "\n", omittingEmptySubsequences: false),
            new.split(separator: "\n", omittingEmptySubsequences: false)
        )
        var found: [(line: Int, order: Int, text: String)] = []
        for change in after.difference(from: before) {
            switch change {
            case .remove(let offset, let line, _): found.append((offset, 0, "  \(offset + 1) - \(line)"))
            case .insert(let offset, let line, _): found.append((offset, 1, "  \(offset + 1) + \(line)"))
            }
        }
        lines = found.sorted { ($0.line, $0.order) < ($1.line, $1.order) }.map(\.text)
    }
}

/// What was adopted, as a program reads it.
struct AdoptionPayload: Encodable {
    struct Change: Encodable {
        var role: String?
        var key: String
        var from: String
        var to: String
    }

    var cluster: String
    var file: String
    var changes: [Change]
    var rest: [String]

    init(_ cluster: String, _ file: String, _ adoption: Adoption) {
        (self.cluster, self.file) = (cluster, file)
        changes = adoption.changes.map { Change(role: $0.role, key: $0.key, from: $0.old, to: $0.new) }
        rest = adoption.rest
    }
}
