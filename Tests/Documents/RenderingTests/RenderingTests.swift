import Basics
import CloudConfig
import Rendering
import Testing

@Suite struct RenderingTests {
    private static let network = CloudConfig.Unit(
        name: "10-cluster.network",
        content: """
            [Match]
            MACAddress=52:54:00:AA:bb:cc

            [Network]
            Address=10.9.0.10/24
            Gateway=10.9.0.1
            DNS=10.9.0.1
            LinkLocalAddressing=no
            IPv6AcceptRA=no

            """,
    )

    private func render(
        _ config: CloudConfig,
        _ format: NodeFormat,
        address: String = "10.9.0.10",
    ) -> RenderedNode {
        let addresses = NodeDescription.Addresses(privateIPv4: address)
        return NodeDescription(config: config, instanceID: "demo.core-1", addresses: addresses).rendered(as: format)
    }

    private func file(_ name: String, _ rendered: RenderedNode, sourceLocation: SourceLocation = #_sourceLocation)
        throws -> String
    {
        try #require(rendered.files.first { $0.name == name }, sourceLocation: sourceLocation).text
    }

    // MARK: Addresses

    @Test func addressesArePutIn() throws {
        let settings: Settings<Etcd2Key> = [
            .advertiseClientURLs: "http://$private_ipv4:2379", .name: "\\$private_ipv4",
        ]
        let config = CloudConfig(coreos: CoreOS(etcd2: settings))
        let text = try file("user-data", render(config, .cloudInit))
        #expect(text.contains("ETCD_ADVERTISE_CLIENT_URLS=http://10.9.0.10:2379"))
        #expect(text.contains("ETCD_NAME=$private_ipv4"))
        // That reader puts them in by itself.
        #expect(try file("user-data", render(config, .coreos)).contains("http://$private_ipv4:2379"))
    }

    @Test func anAddressNobodyKnowsIsAnError() {
        let config = CloudConfig(coreos: CoreOS(fleet: [.publicIP: "$public_ipv4"]))
        let rendered = render(config, .ignitionFlatcar)
        #expect(rendered.hasErrors)
        #expect(rendered.findings.first?.directive == "coreos.fleet.public_ip")
        #expect(!render(config, .coreos).hasErrors)
    }

    // MARK: Network

    @Test func cloudInitMatchesInterfacesByAddress() throws {
        let config = CloudConfig(coreos: CoreOS(units: [Self.network]))
        let text = """
            version: 2
            ethernets:
              10-cluster:
                match:
                  macaddress: 52:54:00:aa:bb:cc
                dhcp4: false
                addresses:
                  - 10.9.0.10/24
                routes:
                  - to: 0.0.0.0/0
                    via: 10.9.0.1
                nameservers:
                  addresses:
                    - 10.9.0.1
                link-local: []
                accept-ra: false

            """
        let rendered = render(config, .cloudInit)
        #expect(try file("network-config", rendered) == text)
        #expect(rendered.findings == [])
    }

    @Test func dhcpIsAskedForBothFamilies() throws {
        let unit = CloudConfig.Unit(name: "a.network", content: "[Match]\nName=eth0\n[Network]\nDHCP=yes\n")
        let rendered = render(CloudConfig(coreos: CoreOS(units: [unit])), .cloudInit)
        let text = try file("network-config", rendered)
        #expect(text.contains("match:\n      name: eth0\n    dhcp4: true\n    dhcp6: true\n"))
    }

    @Test func aNetworkUnitBeyondTranslationIsNamed() {
        let unit = CloudConfig.Unit(name: "b.network", content: "[Match]\nName=eth0\n[Network]\nBridge=br0\n")
        let config = CloudConfig(coreos: CoreOS(units: [unit]))
        for format in [NodeFormat.cloudInit, .ignitionFedora] {
            let findings = render(config, format).findings
            #expect(findings.map(\.directive) == ["coreos.units[b.network].content"])
            #expect(findings.first?.message.hasSuffix("it has [Network] Bridge=br0") == true)
        }
        #expect(render(config, .ignitionFlatcar).findings == [])
    }

    // MARK: Files

    @Test func modesAreTextForCloudInitAndNumbersForIgnition() throws {
        let config = CloudConfig(writeFiles: [.init(path: "opt/a", content: "x", owner: "core", permissions: "644")])
        let text = try file("user-data", render(config, .cloudInit))
        #expect(text.contains("permissions: '0644'"))
        #expect(text.contains("defer: true"), "the owner is not there before")
        let ignition = try file("config.ign", render(config, .ignitionFlatcar))
        #expect(ignition.contains("\"mode\" : 420"))
        #expect(ignition.contains("\"path\" : \"/opt/a\""))
    }

    @Test func theLastOfTwoFilesAtOnePathStays() throws {
        let config = CloudConfig(writeFiles: [.init(path: "/a", content: "one"), .init(path: "/a", content: "two")])
        let text = try file("config.ign", render(config, .ignitionFedora))
        #expect(text.contains("data:;base64,\(Base64.encode("two".utf8))"))
        #expect(!text.contains(Base64.encode("one".utf8)))
    }

    @Test(arguments: [NodeFormat.cloudInit, .ignitionFlatcar, .ignitionFedora])
    func contentThatDoesNotDecodeIsRefused(format: NodeFormat) {
        let config = CloudConfig(writeFiles: [.init(path: "/a", content: "a!", encoding: .base64)])
        #expect(render(config, format).findings.map(\.directive) == ["write_files[/a].content"])
        #expect(render(config, format).hasErrors)
    }

    @Test func hostKeysAreGivenAsSuch() throws {
        let config = CloudConfig(
            writeFiles: [.init(path: "/etc/ssh/ssh_host_ed25519_key", content: "private\n", permissions: "0600")]
        )
        let text = try file("user-data", render(config, .cloudInit))
        #expect(text.contains("ssh_keys:\n  ed25519_private:"))
        #expect(!text.contains("write_files"))
    }

    // MARK: Units

    @Test func commandsAreGivenAtEveryBootInTheirOrder() throws {
        let config = CloudConfig(
            coreos: CoreOS(
                etcd2: [.name: "a"],
                units: [.init(name: "b.service", command: .restart), .init(name: "etcd2.service", command: .start)],
            )
        )
        let text = try file("config.ign", render(config, .ignitionFlatcar))
        let commands =
            "ExecStart=-/usr/bin/systemctl restart b.service\\n"
            + "ExecStart=-/usr/bin/systemctl start etcd-member.service\\n"
        #expect(text.contains(commands))
        let debian = try file("user-data", render(config, .cloudInit))
        #expect(debian.contains("ExecStart=-/usr/bin/systemctl start etcd.service"))
    }

    /// `etcd-wrapper` gives its container one directory of certificates, at another place.
    @Test func flatcarsEtcdFindsItsCertificates() throws {
        var config = CloudConfig(
            coreos: CoreOS(etcd2: [.certFile: "/etc/ssl/etcd/server.pem", .peerTrustedCAFile: "/etc/ssl/etcd/ca.pem"])
        )
        let text = try file("config.ign", render(config, .ignitionFlatcar))
        for word in [
            "ETCD_SSL_DIR=/etc/ssl/etcd", "ETCD_CERT_FILE=/etc/ssl/certs/server.pem",
            "ETCD_PEER_TRUSTED_CA_FILE=/etc/ssl/certs/ca.pem",
        ] {
            #expect(text.contains(word), "\(text)")
        }
        #expect(!render(config, .ignitionFlatcar).hasErrors)
        #expect(
            try file("config.ign", render(config, .ignitionFedora)).contains("ETCD_CERT_FILE=/etc/ssl/etcd/server.pem")
        )
        config.coreos.etcd2[.keyFile] = "/etc/other/key.pem"
        #expect(render(config, .ignitionFlatcar).hasErrors)
        #expect(!render(config, .ignitionFedora).hasErrors)
    }

    @Test func namesThatSystemdRefusesAreErrors() {
        for name in ["a", "a/b.service", "a.conf"] {
            let config = CloudConfig(coreos: CoreOS(units: [.init(name: name, content: "[Service]\n")]))
            #expect(render(config, .ignitionFedora).hasErrors, "\(name)")
        }
    }

    // MARK: Reboots

    @Test func aWindowBecomesZincatis() throws {
        let config = CloudConfig(
            coreos: CoreOS(
                locksmith: [.windowStart: "thu 4:5", .windowLength: "1h30m"],
                update: [.rebootStrategy: "reboot"],
            )
        )
        let rendered = render(config, .ignitionFedora)
        let toml = """
            [updates]
            strategy = "periodic"

            [[updates.periodic.window]]
            days = ["Thu"]
            start_time = "04:05"
            length_minutes = 90

            """
        #expect(try file("config.ign", rendered).contains(Base64.encode(toml.utf8)))
        #expect(rendered.findings == [])
    }

    @Test(arguments: [NodeFormat.cloudInit, .ignitionFedora])
    func whereThereIsNoLockNobodyReboots(format: NodeFormat) {
        let config = CloudConfig(coreos: CoreOS(update: [.rebootStrategy: "etcd-lock"]))
        #expect(render(config, format).findings.map(\.directive) == ["coreos.update.reboot_strategy"])
    }
}
