import Basics
import Testing
import TopologyModel

@testable import Workspace

/// Containers are root's; virtual machines are whose libvirt's are.
struct RightsTests {
    private func topology(_ roles: Role...) throws -> Topology {
        Topology(name: "demo", network: NetworkSettings(cidr: try #require(CIDRv4("10.9.0.0/24"))), roles: roles)
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
}
