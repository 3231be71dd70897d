import Testing

extension RealNodes {
    /// coreos-cloudinit on a machine: a config with every section, and what the machine is like afterwards.
    @Suite(.serialized)
    struct CloudConfigTests {
        private static let node = "central-1"
        private static let apply =
            "sudo env COREOS_PRIVATE_IPV4=10.9.8.7 coreos-cloudinit -from-file=/tmp/user-data -ssh-key-name=test"

        @Test("every section of a cloud-config has its effect, once", .timeLimit(.minutes(6)))
        func everySection() async throws {
            try await TestCluster.with("config") { cluster in
                try cluster.writeTopology(members: 1, workers: 0)
                try await cluster.up()
                try await cluster.exec(Self.node, "echo kept | sudo tee /kept && sudo ln -s /kept /etc/link").expecting(
                    0
                )
                try await cluster.put(Self.config, "/tmp/user-data", on: Self.node)

                let first = try await cluster.exec(Self.node, Self.apply).expecting(0)
                try await hasEveryEffect(cluster)
                inOrder(first)

                let second = try await cluster.exec(Self.node, Self.apply).expecting(0)
                let said = second.output.split(separator: "\n").filter {
                    !$0.contains(".service") && !$0.contains(".socket")
                }
                #expect(said.isEmpty, "a second run did more than to start units: \(second)")

                try await refusesWhatIsWrong(cluster)
                try await runsScripts(cluster)
            }
        }

        private func hasEveryEffect(_ cluster: TestCluster) async throws {
            let script = Self.effects.map { "echo \"= $( { \($0.command); } 2>&1)\"" }.joined(separator: "\n")
            let said = try await cluster.output(Self.node, script).split(separator: "\n= ")
            #expect(said.count == Self.effects.count)
            for (effect, found) in zip(Self.effects, said) {
                let found = found.hasPrefix("= ") ? found.dropFirst(2) : found
                #expect(found == effect.expected, "\(effect.command)")
            }
        }

        private func inOrder(_ ran: Ran) {
            let marks = [
                "hostname is cfg-1", "ssh keys of core", "user elroy made", "ssh keys of elroy", "/etc/plain written",
                "/etc/oem-release written", "/etc/coreos/update.conf written", "/etc/hosts written",
                "/run/flannel/options.env written", "cfg-slow.service written", "cfg-masked.service masked",
                "etcd2.service.d/20-cloudinit.conf written", "systemd reads its unit files", "start cfg-slow.service",
                "start cfg-after.service", "start cfg-fail.service: failed", "start cfg-runtime.service",
            ]
            var rest = ran.output[...]
            for mark in marks {
                guard let place = rest.firstRange(of: mark) else {
                    Issue.record("\"\(mark)\" is not said, or too early: \(ran)")
                    return
                }
                rest = rest[place.upperBound...]
            }
        }

        private func refusesWhatIsWrong(_ cluster: TestCluster) async throws {
            let config =
                "#cloud-config\nwrite_files:\n  - {path: /ok, content: x}\n  - {path: /bad, owner: nobody-here}\n"
            try await cluster.put(config, "/tmp/wrong", on: Self.node)
            let ran = try await cluster.exec(Self.node, "sudo coreos-cloudinit -from-file=/tmp/wrong").expecting(1)
            #expect(ran.text.contains("/tmp/wrong:4:25: there is no user \"nobody-here\""), "\(ran)")
            #expect(try await cluster.output(Self.node, "ls -A / | grep -c -e bad -e cloudinit || true") == "0")
        }

        private func runsScripts(_ cluster: TestCluster) async throws {
            try await cluster.put("#!/bin/sh\necho $private_ipv4 > /run/by-script\n", "/tmp/script", on: Self.node)
            let script = """
                set -e
                gzip -c /tmp/script > /tmp/user-data
                \(Self.apply) > /dev/null
                unit=$(cat /var/lib/coreos-cloudinit/scripts/unit-name)
                for i in $(seq 50); do [ -s /run/by-script ] && break; sleep 0.1; done
                systemctl show -p Result --value $unit
                cat /run/by-script
                """
            #expect(try await cluster.output(Self.node, script) == "success\n10.9.8.7")
        }

        /// What to ask the machine, and what it is to say.
        private static let effects: [(command: String, expected: String)] = [
            ("hostname; cat /etc/hostname", "cfg-1\ncfg-1"),
            ("getent passwd elroy | cut -d: -f1,5-", "elroy:The Elroy:/srv/elroy:/bin/sh"),
            ("id -nG elroy", "elroy sudo docker"),
            ("sudo getent shadow elroy | cut -d: -f2", "$6$salt$hash"),
            ("sudo cat /srv/elroy/.ssh/authorized_keys | tail -1", "ssh-ed25519 AAAAelroy"),
            ("sudo stat -c '%U %a' /srv/elroy/.ssh/authorized_keys", "elroy 600"),
            ("grep -c AAAAcore /home/core/.ssh/authorized_keys", "1"),
            ("cat /etc/plain; stat -c '%U:%G %a' /etc/plain", "ip 10.9.8.7 $private_ipv4\nroot:root 644"),
            ("cat /opt/a/b/packed; stat -c '%U:%G %a' /opt/a/b/packed", "packed\ncore:core 4750"),
            ("cat /kept; test -L /etc/link || cat /etc/link", "kept\nnew"),
            ("head -3 /etc/oem-release", "ID=test\nVERSION_ID=1\nNAME=\"A \\\"test\\\"\""),
            ("sort /etc/coreos/update.conf", "GROUP=beta\nREBOOT_STRATEGY=off"),
            ("head -2 /etc/hosts", "127.0.0.1 localhost\n127.0.0.1 cfg-1"),
            ("cat /run/flannel/options.env", "FLANNELD_ETCD_PREFIX=/x\nFLANNELD_IFACE=eth9"),
            (
                "cat /run/systemd/system/etcd2.service.d/20-cloudinit.conf",
                "[Service]\nEnvironment=\"ETCD_HEARTBEAT_INTERVAL=200\"\nEnvironment=\"ETCD_NAME=a \\\"b\\\" %H\""
            ),
            (
                "systemctl show -p Environment --value fleet.service | grep -o 'FLEET_VERBOSITY=[0-9]'",
                "FLEET_VERBOSITY=2"
            ),
            (
                "tail -1 /run/systemd/system/locksmithd.service.d/20-cloudinit.conf",
                "Environment=\"REBOOT_WINDOW_LENGTH=1h\""
            ),
            ("readlink /run/systemd/system/locksmithd.service", "/dev/null"),
            ("cat /run/cfg-slow", "hello"),
            ("systemctl is-active cfg-slow cfg-after cfg-fail cfg-runtime || true", "active\nactive\nfailed\nactive"),
            ("systemctl is-enabled cfg-slow cfg-masked || true", "enabled\nmasked"),
            ("bash -c 'exec 3<>/dev/tcp/127.0.0.1/2222; head -c 7 <&3'", "SSH-2.0"),
            ("ls /run/systemd/system/cfg-runtime.service", "/run/systemd/system/cfg-runtime.service"),
            (
                "cat /etc/systemd/network/60-cfg.network; systemctl is-active systemd-networkd",
                "[Match]\nName=eth9\nactive"
            ),
            (
                "systemctl show -p Environment -p NeedDaemonReload ssh.service; grep -c slipway ~/.ssh/authorized_keys",
                "Environment=CFG=yes\nNeedDaemonReload=no\n1"
            ),
            (
                "grep -c COREOS_PUBLIC_IPV4=10 /etc/environment; grep PRIVATE /etc/environment",
                "1\nCOREOS_PRIVATE_IPV4=10.9.8.7"
            ),
            (
                "/usr/bin/etcdctl set /cfg v --ttl 60; etcdctl get /cfg; etcdctl put /cfg w; etcdctl get --print-value-only /cfg",
                "v\nv\nOK\nw"
            ),
            (
                "grep -o '\"ok\":true,\"failed\":.*\\]' /run/coreos-cloudinit/result.json",
                "\"ok\":true,\"failed\":[\"start cfg-fail.service: failed\"]"
            ),
        ]

        private static let config = """
            #cloud-config
            hostname: cfg-1
            manage_etc_hosts: localhost
            ssh_authorized_keys: [ssh-ed25519 AAAAcore]
            users:
              - name: elroy
                gecos: The Elroy
                passwd: $6$salt$hash
                homedir: /srv/elroy
                groups: [sudo, docker]
                shell: /bin/sh
                ssh-authorized-keys: [ssh-ed25519 AAAAelroy]
            write_files:
              - path: /etc/plain
                content: |
                  ip $private_ipv4 \\$private_ipv4
              - path: /opt/a/b/packed
                encoding: gzip+base64
                content: H4sIAAAAAAACAytITM5OTeECAEPgQS8HAAAA
                owner: core:core
                permissions: '4750'
              - {path: /etc/link, content: new}
            coreos:
              etcd2: {name: 'a "b" %H', heartbeat-interval: 200}
              fleet: {verbosity: 2}
              flannel: {etcd_prefix: /x, interface: eth9}
              locksmith: {window_start: "Thu 04:00", window_length: 1h}
              oem: {id: test, version-id: 1, name: A "test"}
              update: {reboot-strategy: off, group: beta}
              units:
                - name: cfg-slow.service
                  enable: true
                  command: start
                  content: |
                    [Service]
                    Type=oneshot
                    RemainAfterExit=yes
                    ExecStart=/bin/sh -c 'sleep 0.5; echo $GREETING > /run/cfg-slow'
                    [Install]
                    WantedBy=multi-user.target
                  drop-ins:
                    - {name: 10-greeting.conf, content: "[Service]\\nEnvironment=GREETING=hello\\n"}
                - name: cfg-after.service
                  command: start
                  content: |
                    [Service]
                    Type=oneshot
                    RemainAfterExit=yes
                    ExecStart=/usr/bin/test -s /run/cfg-slow
                - name: cfg-fail.service
                  command: start
                  content: |
                    [Service]
                    Type=oneshot
                    ExecStart=/bin/false
                - name: cfg-runtime.service
                  runtime: true
                  command: start
                  content: |
                    [Service]
                    ExecStart=/bin/sleep infinity
                - {name: cfg-masked.service, mask: true}
                - {name: update-engine.service, command: stop}
                - {name: sshd.service, enable: true, command: start}
                - name: sshd.socket
                  command: restart
                  runtime: true
                  content: |
                    [Socket]
                    ListenStream=2222
                    FreeBind=true
                    Accept=yes
                - name: ssh.service
                  command: restart
                  drop-ins: [{name: 10-cfg.conf, content: "[Service]\\nEnvironment=CFG=yes\\n"}]
                - {name: 60-cfg.network, content: "[Match]\\nName=eth9\\n"}

            """
    }
}
