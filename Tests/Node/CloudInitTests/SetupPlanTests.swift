import CloudConfig
import CloudInit
import Testing

@Suite struct SetupPlanTests {
    private func plan(_ config: CloudConfig, _ metadata: NodeMetadata = NodeMetadata()) -> SetupPlan {
        SetupPlan(config, metadata: metadata, hostname: "old")
    }

    private static func file(_ path: String, _ content: String) -> Effect {
        .writeFile(path: path, content: Array(content.utf8), owner: nil, mode: 0o644)
    }

    private let unmasks: [Effect] = ["etcd", "etcd2", "fleet", "locksmithd"].map {
        .unmask(path: "/run/systemd/system/\($0).service")
    }

    @Test func anEmptyConfigUnmasksTheUnitsOfTheSections() {
        #expect(plan(CloudConfig()).preparation == unmasks + [.reloadSystemd])
        #expect(plan(CloudConfig()).commands == [])
    }

    @Test func theOrderIsTheOriginalsWithTheKeysOfCoreFirst() {
        var config = CloudConfig(hostname: "core-01", sshAuthorizedKeys: ["k"])
        let user = CloudConfig.User(name: "elroy", sshAuthorizedKeys: ["e"])
        config.users = [user]
        config.writeFiles = [
            CloudConfig.File(path: "etc/../motd", content: "aGk=", encoding: .b64, permissions: "4755")
        ]
        config.manageEtcHosts = .localhost
        config.coreos.oem = [.id: "x", .name: "The \"X\""]
        config.coreos.update = [.rebootStrategy: "off", .group: "stable"]
        config.coreos.flannel = [.interface: "eth1", .ipMasq: "true"]
        config.coreos.etcd2 = [.name: "core-01"]
        config.coreos.units = [
            CloudConfig.Unit(name: "10-x.network", content: "[Match]\n", command: .start),
            CloudConfig.Unit(
                name: "a.service",
                enable: true,
                runtime: true,
                content: "[Service]\n",
                command: .restart,
                dropIns: [.init(name: "1.conf", content: "[Unit]\n")],
            ),
            CloudConfig.Unit(name: "b.service", mask: true, command: .stop),
        ]
        let result = plan(config, NodeMetadata(publicKeys: ["m"], addresses: NodeAddresses(privateIPv4: "10.0.0.1")))
        let run = "/run/systemd/system"
        #expect(
            result.preparation == [
                .setHostname("core-01"),
                .ensureUser(CloudConfig.User(name: "core", shell: "/bin/bash")),
                .authorizeKeys(user: "core", name: "coreos-cloudinit", keys: ["k", "m"]),
                .ensureUser(user),
                .authorizeKeys(user: "elroy", name: "coreos-cloudinit", keys: ["e"]),
                .writeFile(path: "/motd", content: Array("hi".utf8), owner: nil, mode: 0o4755),
                Self.file(
                    "/etc/oem-release",
                    "ID=x\nVERSION_ID=\nNAME=\"The \\\"X\\\"\"\nHOME_URL=\"\"\nBUG_REPORT_URL=\"\"\n"
                ),
                .setVariables(
                    path: "/etc/coreos/update.conf",
                    template: "/usr/share/coreos/update.conf",
                    variables: [.init(name: "REBOOT_STRATEGY", value: "off"), .init(name: "GROUP", value: "stable")],
                ),
                Self.file(
                    "/etc/hosts",
                    "127.0.0.1 localhost\n127.0.0.1 core-01\n::1 localhost ip6-localhost ip6-loopback\n"
                ),
                Self.file("/run/flannel/options.env", "FLANNELD_IP_MASQ=true\nFLANNELD_IFACE=eth1"),
                .setVariables(
                    path: "/etc/environment",
                    template: nil,
                    variables: [.init(name: "COREOS_PRIVATE_IPV4", value: "10.0.0.1")],
                ),
                .writeNetworkUnit(path: "/etc/systemd/network/10-x.network", content: "[Match]\n"),
                .writeUnit(path: "\(run)/a.service", content: "[Service]\n"),
                .writeUnit(path: "\(run)/a.service.d/1.conf", content: "[Unit]\n"),
                .unmask(path: "\(run)/a.service"),
                .enable(unit: "a.service", runtime: true),
                .mask(path: "/etc/systemd/system/b.service"),
                .unmask(path: "\(run)/etcd.service"),
                .writeUnit(
                    path: "\(run)/etcd2.service.d/20-cloudinit.conf",
                    content: "[Service]\nEnvironment=\"ETCD_NAME=core-01\"\n",
                ),
                .unmask(path: "\(run)/etcd2.service"),
                .unmask(path: "\(run)/fleet.service"),
                .mask(path: "\(run)/locksmithd.service"),
                .reloadSystemd,
            ]
        )
        #expect(
            result.commands == [
                .restartNetworkd,
                .run(.restart, unit: "a.service", isOptional: false),
                .run(.stop, unit: "b.service", isOptional: false),
                .run(.stop, unit: "locksmithd.service", isOptional: true),
                .run(.restart, unit: "update-engine.service", isOptional: true),
            ]
        )
    }

    @Test func aConfigThatWritesTheEnvironmentKeepsIt() {
        let config = CloudConfig(writeFiles: [CloudConfig.File(path: "/etc//environment")])
        let effects = plan(config, NodeMetadata(addresses: NodeAddresses(publicIPv4: "1.2.3.4"))).preparation
        #expect(!effects.contains { if case .setVariables = $0 { true } else { false } })
    }

    @Test func keysOfCoreAreJoined() {
        var config = CloudConfig(sshAuthorizedKeys: ["k"])
        config.users = [CloudConfig.User(name: "core", sshAuthorizedKeys: ["u"], groups: ["docker"])]
        let effects = plan(config, NodeMetadata(publicKeys: ["m"])).preparation
        let keys = Effect.authorizeKeys(user: "core", name: "coreos-cloudinit", keys: ["u", "k", "m"])
        #expect(effects.filter { if case .authorizeKeys = $0 { true } else { false } } == [keys])
        #expect(effects.first == .ensureUser(config.users[0]))
    }

    @Test(
        arguments: [
            ("coreos_001", "coreos001"), ("-a.-b..c-.", "a.b.c"), ("my host", "myhost"), ("ö", nil),
        ] as [(String, String?)]
    )
    func aHostnameIsMadeValid(name: String, valid: String?) {
        let effects = plan(CloudConfig(hostname: name)).preparation
        #expect(effects.contains { if case .note = $0 { true } else { false } })
        #expect(effects.contains { if case .setHostname = $0 { true } else { false } } == (valid != nil))
        guard let valid else { return }
        #expect(effects.contains(.setHostname(valid)))
        let pretty = EnvironmentVariable(name: "PRETTY_HOSTNAME", value: name)
        #expect(effects.contains(.setVariables(path: "/etc/machine-info", template: nil, variables: [pretty])))
    }

    /// `docker --env-file` takes quotes for a part of the value.
    @Test func flannelsOptionsAreAsWritten() {
        let effects = plan(CloudConfig(coreos: CoreOS(flannel: [.etcdPassword: "a $b \"c\" #d"]))).preparation
        #expect(effects.contains(Self.file("/run/flannel/options.env", "FLANNELD_ETCD_PASSWORD=a $b \"c\" #d")))
    }

    @Test func etcdLockRestartsLocksmith() {
        let result = plan(CloudConfig(coreos: CoreOS(update: [.rebootStrategy: "etcd-lock"])))
        #expect(result.commands == [.run(.restart, unit: "locksmithd.service", isOptional: true)])
    }

    @Test func whatHasNoNameIsNoted() {
        let config = CloudConfig(
            users: [CloudConfig.User()],
            coreos: CoreOS(units: [CloudConfig.Unit(command: .start)])
        )
        #expect(plan(config).preparation.filter { if case .note = $0 { true } else { false } }.count == 2)
        #expect(plan(config).commands == [])
    }
}

@Suite struct SubstitutionTests {
    @Test(arguments: [
        ("http://$private_ipv4:2380", "http://10.0.0.1:2380"), ("\\$private_ipv4", "$private_ipv4"),
        ("${private_ipv4}", "${private_ipv4}"), ("$$private_ipv4", "$10.0.0.1"),
        ("$private_ipv4$private_ipv4", "10.0.0.1$private_ipv4"), ("$private_ipv4,$private_ipv4", "10.0.0.1,10.0.0.1"),
        ("\\\\$private_ipv4", "\\$private_ipv4"), ("\n$private_ipv4$public_ipv4", "\n10.0.0.1"),
        ("$private_ipv44", "10.0.0.14"),
        ("# $public_ipv6.", "# ."), ("$private", "$private"), ("é$private_ipv4é", "é10.0.0.1é"), ("", ""),
    ])
    func tokensBecomeAddresses(text: String, expected: String) {
        #expect(Substitution.apply(text, NodeAddresses(privateIPv4: "10.0.0.1")).text == expected)
    }

    @Test func whatIsNotKnownIsSaid() {
        #expect(
            Substitution.apply("$public_ipv4 $public_ipv4 $private_ipv6", NodeAddresses()).unknown == [
                "$public_ipv4", "$private_ipv6",
            ]
        )
    }
}
