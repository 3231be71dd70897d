import ArgumentParser
import FleetAPI
import Scheduling
import TestKit
import Testing
import UnitFiles

@testable import Fleetctl

/// `--driver etcd`, on a real etcd and without a fleetd.
struct DirectTransportTests {
    private func settings(_ arguments: String..., environment: [String: String] = [:]) throws -> FleetctlSettings {
        try FleetctlSettings(GlobalOptions.parse(arguments), environment: environment)
    }

    @Test func unitsAreWrittenAndReadWithoutFleetd() async throws {
        try await RealEtcd.with { etcd in
            let settings = try settings(
                "--driver",
                "etcd",
                "--endpoint",
                etcd.clientURLs.joined(separator: ","),
                "--request-timeout",
                "30"
            )
            let access = try #require(settings.etcd)
            let found = try await access.run(settings) { transport in
                let client = FleetClient(transport)
                try await client.create(
                    "a.service",
                    UnitFile(parsing: "[Service]\nExecStart=/bin/true\n"),
                    desired: .loaded
                )
                try await client.setTarget("a.service", .launched)
                return try await client.units()
            }
            #expect(found.map(\.name) == ["a.service"])
            #expect(found.first?.desiredState == .launched)
            // Another run, as another process, has it from etcd; another prefix is another fleet.
            #expect(try await access.run(settings) { try await FleetClient($0).destroy("a.service") })
            let other = try EtcdAccess(endpoints: etcd.clientURLs[0], prefix: "/other/")
            #expect(try await other.run(settings) { try await FleetClient($0).units() }.isEmpty)
        }
    }

    @Test func anEtcdThatIsNotThereIsNamed() async throws {
        let url = "http://127.0.0.1:\(try Loopback.freePorts(1)[0])"
        let settings = try settings("--driver", "etcd", "--endpoint", url, "--request-timeout", "0.3")
        let access = try #require(settings.etcd)
        let error = await #expect(throws: FleetctlError.self) {
            _ = try await access.run(settings) { try await FleetClient($0).units() }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.message.contains(url) == true, "\(String(describing: error))")
    }

    @Test func theDriverComesFromTheEnvironmentToo() throws {
        let settings = try settings(
            environment: [
                "FLEETCTL_DRIVER": "etcd", "FLEETCTL_ETCD_KEY_PREFIX": "/x/",
                "FLEETCTL_ENDPOINT": "http://a:1, http://b:2",
            ]
        )
        #expect(settings.etcd == (try EtcdAccess(endpoints: "http://a:1,http://b:2", prefix: "/x/")))
        #expect(
            try self.settings("--driver", "etcd").etcd?.endpoints == ["http://127.0.0.1:2379", "http://127.0.0.1:4001"]
        )
        #expect(try self.settings("--driver", "API").etcd == nil)
    }

    @Test(arguments: [
        ["--driver", "consul"], ["--driver", "etcd", "--endpoint", "unix:///var/run/fleet.sock"],
        ["--driver", "etcd", "--tunnel", "a"], ["--driver", "etcd", "--endpoint", ","],
    ])
    func whatCannotBeIsRefused(arguments: [String]) throws {
        let options = try GlobalOptions.parse(arguments)
        let error = #expect(throws: FleetctlError.self) { try FleetctlSettings(options, environment: [:]) }
        #expect(error?.code == .usage)
    }
}
