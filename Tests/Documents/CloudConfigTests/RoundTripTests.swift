import CloudConfig
import CloudConfigLoading
import Diagnostics
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsRenderedReadsBackTheSame(seed: UInt64) {
        var random = RandomConfig(seed: seed)
        let config = random.config()
        let text = CloudConfigRenderer().render(config)
        let loaded = CloudConfigLoader.load(text, file: "x")
        #expect(
            !loaded.diagnostics.hasErrors,
            "\(DiagnosticRenderer().render(loaded.diagnostics, sources: ["x": text]))"
        )
        #expect(loaded.config == config, "\(text)")
        #expect(CloudConfigRenderer().render(loaded.config) == text)
    }

    @Test func aRenderedConfigIsReadable() {
        let config = CloudConfig(
            hostname: "core-01",
            sshAuthorizedKeys: ["ssh-ed25519 AAAAC3 me@host"],
            users: [CloudConfig.User(name: "elroy", passwd: "$6$x", groups: ["sudo", "docker"])],
            writeFiles: [
                CloudConfig.File(path: "/etc/motd", content: "Hello\n  there: all\n", permissions: "0644")
            ],
            coreos: CoreOS(
                etcd2: [
                    .name: "core-01",
                    .initialCluster: "core-01=http://10.0.0.1:2380,core-02=http://10.0.0.2:2380",
                    .heartbeatInterval: 100, .proxy: "on", .debug: true,
                ],
                update: [.rebootStrategy: "off"],
                units: [
                    CloudConfig.Unit(
                        name: "docker-tcp.socket",
                        enable: true,
                        content: "[Socket]\nListenStream=2375\n",
                        command: .start,
                        dropIns: [CloudConfig.DropIn(name: "10-x.conf", content: "[Unit]\n")],
                    )
                ],
            ),
        )
        #expect(
            CloudConfigRenderer(comment: ["Node core-01"]).render(config) == """
                #cloud-config
                # Node core-01
                hostname: core-01
                ssh_authorized_keys:
                  - ssh-ed25519 AAAAC3 me@host
                users:
                  - name: elroy
                    passwd: $6$x
                    groups:
                      - sudo
                      - docker
                write_files:
                  - path: /etc/motd
                    permissions: '0644'
                    content: |
                      Hello
                        there: all
                coreos:
                  etcd2:
                    debug: true
                    heartbeat_interval: 100
                    initial_cluster: core-01=http://10.0.0.1:2380,core-02=http://10.0.0.2:2380
                    name: core-01
                    proxy: 'on'
                  update:
                    reboot_strategy: 'off'
                  units:
                    - name: docker-tcp.socket
                      enable: true
                      content: |
                        [Socket]
                        ListenStream=2375
                      command: start
                      drop_ins:
                        - name: 10-x.conf
                          content: |
                            [Unit]

                """
        )
    }

    @Test func nothingIsAHeader() {
        #expect(CloudConfigRenderer().render(CloudConfig()) == "#cloud-config\n")
        #expect(CloudConfigLoader.load("#cloud-config\n", file: "x").config == CloudConfig())
    }
}
