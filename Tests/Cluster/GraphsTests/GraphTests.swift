import Graphs
import Planning
import TestKit
import Testing
import TopologyLoading
import TopologyModel

/// Pictures of clusters and plans. The golden files are for people to look at.
@Suite struct GraphTests {
    private static let awkward = #"a "b" <c> & \d"#

    private var production: ClusterPicture {
        let nodes = (1...3).map {
            ClusterPicture.Node("central-\($0)", role: "central", lines: ["10.0.0.\($0)"], etcd: .member, tone: .good)
        }
        let workers = (1...2).map { number in
            ClusterPicture.Node(
                "worker-\(number)",
                role: "worker",
                lines: ["10.0.0.1\(number)", number == 1 ? "ready" : "off"],
                etcd: .proxy,
                tone: number == 1 ? .good : .bad,
            )
        }
        let units = [
            ClusterPicture.Unit("web.service", lines: ["launched"], places: ["worker-1": "active"], tone: .good),
            ClusterPicture.Unit("lost.service", lines: ["launched", "no machine has role=db"], tone: .bad),
        ]
        return ClusterPicture("Cluster production on 10.0.0.0/24", nodes: nodes + workers, units: units)
    }

    private func plan(_ name: String) throws -> Plan {
        let topology = try TopologyLoader().load(path: Checkout.topology(name)).checked()
        return try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
    }

    @Test(arguments: GraphFormat.allCases) func aClusterIsDrawn(as format: GraphFormat) throws {
        try Golden.expect(production.graph.formatted(format), "cluster.\(format.rawValue)")
    }

    @Test(arguments: GraphFormat.allCases) func aPlanIsDrawn(as format: GraphFormat) throws {
        let graph = Graph(try plan("dev-test")) { action in
            guard case .createNode(let node) = action else { return "\(action)".prefix { $0.isLetter }.description }
            return "boot \(node.name)"
        }
        try Golden.expect(graph.formatted(format), "plan.\(format.rawValue)")
    }

    /// Whatever a text has in it, the document stays one of its language.
    @Test func textsAreEscaped() async throws {
        let graph = Graph(
            Self.awkward,
            groups: [.init(Self.awkward, [.init("x", title: Self.awkward, lines: ["\u{1B}[31m", "end"])])],
            edges: [.init("x", "x", label: Self.awkward)],
        )
        try await expectXML(graph.formatted(.svg))
        #expect(graph.formatted(.dot).contains(##"[label="a \"b\" <c> & \\d\n"##))
        #expect(graph.formatted(.mermaid).contains(#"["a &quot;b&quot; &lt;c&gt; &amp; \d<br/>"#))
    }

    @Test(arguments: ["laptop", "dev-test", "production"]) func picturesAreXML(of name: String) async throws {
        let graph = Graph(try plan(name)) { "\($0)" }
        try await expectXML(graph.formatted(.svg))
    }

    /// An arrow stands for a need that no other arrow implies, and all needs can be followed along arrows.
    @Test func needsThatFollowFromOthersAreNotDrawn() throws {
        let plan = try plan("production")
        let graph = Graph(plan) { _ in "" }
        let arrows = Dictionary(grouping: graph.edges, by: \.to).mapValues { Set($0.map(\.from)) }
        func before(_ step: String, without skipped: String? = nil) -> Set<String> {
            var found: Set<String> = []
            var left = (arrows[step] ?? []).subtracting(skipped.map { [$0] } ?? [])
            while let next = left.popFirst() {
                guard found.insert(next).inserted else { continue }
                left.formUnion(arrows[next] ?? [])
            }
            return found
        }
        for step in plan.steps {
            #expect(before(step.id.description).isSuperset(of: step.needs.map(\.description)))
            for need in arrows[step.id.description] ?? [] {
                #expect(!before(step.id.description, without: need).contains(need), "\(need) → \(step.id)")
            }
        }
        #expect(graph.edges.count < plan.steps.reduce(0) { $0 + $1.needs.count })
    }

    @Test func manyNodesAreOneBox() {
        let nodes = (1...40).map { number in
            ClusterPicture.Node(
                "worker-\(number)",
                role: "worker",
                lines: [],
                etcd: .proxy,
                tone: number == 7 ? .bad : .good
            )
        }
        let unit = ClusterPicture.Unit("a.service", lines: [], places: ["worker-2": "active", "worker-9": "active"])
        let graph = ClusterPicture("many", nodes: nodes, units: [unit]).graph
        #expect(graph.groups.last?.vertices.map(\.title) == ["worker-7", "worker-1 … worker-40"])
        #expect(graph.groups.last?.vertices.last?.lines == ["39 nodes"])
        #expect(graph.edges == [Graph.Edge("unit a.service", "node worker-1", label: "active")])
    }

    /// Each of hundreds of steps has a vertex, and there are not many more arrows.
    @Test func aPlanOfManyNodesIsDrawn() throws {
        let topology = Topology(
            name: "many",
            network: NetworkSettings(cidr: .derived(fromCluster: "many")),
            roles: [Role(name: "core", count: 3, etcd: .member), Role(name: "worker", count: 120, etcd: .proxy)],
        )
        let plan = try Planner(topology: topology, inputs: .fixed).plan(from: Observation(provider: .init()))
        let graph = Graph(plan) { _ in "" }
        #expect(Set(graph.vertices.map(\.id)) == Set(plan.steps.map(\.id.description)))
        #expect(graph.edges.count < 3 * plan.steps.count)
    }
}
