import Basics
import Planning
import TestKit
import Testing
import TopologyModel

@testable import Workspace

/// Containers are root's; virtual machines are whose libvirt's are.
struct RightsTests {
    private func topology(_ roles: Role..., sourceLocation: SourceLocation = #_sourceLocation) throws -> Topology {
        Topology(
            name: "demo",
            network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"), sourceLocation: sourceLocation)),
            roles: roles
        )
    }

    private func rights(_ uri: String = "lxc:///system", user: UInt32 = 1000) -> Rights {
        Rights(uri: uri, user: user, arguments: ["slipway", "up", "my file.yaml"])
    }

    @Test func aUserIsToldTheCommandThatRootWouldRun() throws {
        let containers = try topology(Role(name: "core", count: 1, runtime: .container, etcd: .member))
        let error = #expect(throws: UserError.self) { try rights().check(containers) }
        #expect(error?.description.contains("run: sudo slipway up 'my file.yaml'\n") == true)
        #expect(error?.isAboutHost == true)
    }

    @Test func virtualMachinesTakeNoRoot() throws {
        try rights().check(
            try topology(
                Role(name: "core", count: 1, runtime: .vm, etcd: .member),
                Role(name: "none", count: 0, etcd: .none)
            )
        )
        // What becomes of these is not known before there is a plan.
        try rights().check(try topology(Role(name: "core", count: 1, runtime: .auto, etcd: .member)))
    }

    @Test(arguments: [("lxc:///system", 0), ("qemu+ssh://root@host/system", 1000), ("test:///default", 1000)])
    func rootAndWhoAsksAnotherHostIsNotRefused(uri: String, user: UInt32) throws {
        try rights(uri, user: user).check(
            try topology(Role(name: "core", count: 1, runtime: .container, etcd: .member))
        )
    }

    /// With its own keys a user would set nodes up anew that root made, and lock root out.
    @Test func aUserGivesNodesNoOtherKeys() throws {
        let machines = try topology(Role(name: "core", count: 1, runtime: .vm, etcd: .member))
        let plan = try Planner(topology: machines, inputs: .fixed).plan(from: Observation(provider: .init()))
        var node = ObservedNode(try #require(plan.nodes.first), phase: .ready)
        try rights().check(plan, of: [node], home: "/home/me/.local/share/slipway")
        node.configParts = ConfigParts("keys=00000000")
        let error = #expect(throws: UserError.self) {
            try rights().check(plan, of: [node], home: "/home/me/.local/share/slipway")
        }
        #expect(error?.description.contains("has keys that are not in /home/me/.local/share/slipway") == true)
        #expect(error?.description.contains("as root: sudo slipway up 'my file.yaml'") == true)
        try rights(user: 0).check(plan, of: [node], home: "/var/lib/slipway")
    }
}
