import TestKit
import Testing

extension RealNodes {
    /// etcd's discovery: in a topology, and in the cloud-configs that CoreOS's users know.
    @Suite(.serialized)
    struct BootstrapTests {
        @Test("members meet under a token that Slipway serves, a fresh one for a new cluster", .timeLimit(.minutes(6)))
        func topology() async throws {
            try await TestCluster.with("meets") { cluster in
                try cluster.writeTopology(members: 3, workers: 1, extra: "etcd: {bootstrap: discovery}\n")
                try await cluster.up()
                try await cluster.requireHealthy()
                try await Self.fleetIsReachedBySSHOnly(cluster)
                // libvirt 9 covers /proc/meminfo with a file that these fail over.
                try await cluster.exec("worker-1", "free && vmstat && wget --version").expecting(0)
                let token = try await Self.token(of: cluster)
                let members = try await cluster.output("worker-1", "etcdctl member list | wc -l")
                #expect(members == "3")

                try await cluster.scale("worker=2", write: true)
                try await cluster.scale("central=4", write: true)
                try await cluster.requireHealthy()
                #expect(try await cluster.output("worker-2", "etcdctl member list | wc -l") == "4")
                #expect(try await Self.token(of: cluster) == token)

                try await cluster.down()
                try cluster.edit { $0 = $0.replacing("count: 4", with: "count: 1") }
                try await cluster.up()
                #expect(try await Self.token(of: cluster) != token)
            }
        }

        private static func fleetIsReachedBySSHOnly(_ cluster: TestCluster) async throws {
            let listening = try await cluster.output("central-1", "ss -Hltn | grep -c :49153 || true")
            #expect(listening == "0")
            let script =
                #"eval "$("$1/slipway" env "$2")" && "$1/slipway-node" fleetctl list-machines --no-legend | wc -l"#
            let ran = try await Program.run(["bash", "-c", script, "bash", Program.directory, cluster.name])
            #expect(ran.output == "4\n", "\(ran)")
        }

        private static func token(of cluster: TestCluster) async throws -> String {
            let file = "/media/configdrive/openstack/latest/user_data"
            let line = try await cluster.output("central-1", "sudo grep -E '^ *discovery: ' \(file)")
            guard line.contains("/") else { throw Unexpected("there is no discovery URL in \(line)") }
            return line
        }

        @Test("cloud-configs as CoreOS's users know them come up with a discovery URL", .timeLimit(.minutes(6)))
        func cloudConfigs() async throws {
            try await TestCluster.with("printed") { cluster in
                try cluster.write(Self.topology(cluster), to: "\(cluster.name).yaml")
                try await cluster.up()
                try await single(cluster)
                try await central(cluster)
            }
        }

        /// Nodes without etcd and fleet; what they become their user-data say.
        private static func topology(_ cluster: TestCluster) -> String {
            """
            name: \(cluster.name)
            network: {cidr: \(cluster.cidr)}
            fleet: {enabled: false}
            roles:
              own: {count: 1, etcd: member}
              box: {count: 5, etcd: none}

            """
        }

        private func apply(_ config: String, to node: String, _ cluster: TestCluster) async throws {
            try await cluster.put(config, "/tmp/user-data", on: node)
            let address = "$(hostname -I | tr ' ' '\\n' | grep '^10\\.73\\.')"
            let script = """
                sudo env COREOS_PUBLIC_IPV4=\(address) COREOS_PRIVATE_IPV4=\(address) \
                    coreos-cloudinit -from-file=/tmp/user-data -ssh-key-name=printed
                """
            try await cluster.exec(node, script).expecting(0)
        }

        // MARK: One machine

        private func single(_ cluster: TestCluster) async throws {
            let node = "box-1"
            try await apply(Self.single, to: node, cluster)
            let script = """
                for i in $(seq 300); do
                    fleetctl list-machines --no-legend 2>/dev/null | grep -q . && break
                    sleep 0.1
                done
                hostname
                etcdctl endpoint health 2>&1 | grep -o 'is healthy'
                curl -s localhost:4001/v2/machines; echo
                fleetctl list-machines --no-legend | wc -l
                curl -s localhost:2375/info | grep -o '"0.0.0.0/0"'
                cat /etc/conf.d/nfs
                sudo grep my_mac /home/core/.ssh/authorized_keys
                """
            let expected = """
                core-01
                is healthy
                http://0.0.0.0:2379, http://0.0.0.0:4001
                1
                "0.0.0.0/0"
                OPTS_RPC_MOUNTD=""
                ssh-rsa 121313dqx1e123e12 user@my_mac
                """
            let said = try await cluster.output(node, script)
            #expect(said == expected)
        }

        private static let single = """
            #cloud-config

            hostname: core-01
            coreos:
              update:
                reboot-strategy: off
              etcd2:
                name: core-01
                initial-advertise-peer-urls: http://127.0.0.1:2380
                initial-cluster-token: core-01_etcd
                initial-cluster: core-01=http://127.0.0.1:2380
                initial-cluster-state: new
                listen-peer-urls: http://0.0.0.0:2380,http://0.0.0.0:7001
                listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
                advertise-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
              units:
                - name: etcd2.service
                  command: start
                - name: fleet.service
                  command: start
                - name: docker-tcp.socket
                  command: start
                  enable: true
                  content: |
                    [Unit]
                    Description=Docker Socket for the API

                    [Socket]
                    ListenStream=2375
                    BindIPv6Only=both
                    Service=docker.service

                    [Install]
                    WantedBy=sockets.target
                - name: docker.service
                  command: start
                  drop-ins:
                    - name: 50-insecure-registry.conf
                      content: |
                        [Unit]
                        [Service]
                        Environment=DOCKER_OPTS='--insecure-registry="0.0.0.0/0"'
            write-files:
              - path: /etc/conf.d/nfs
                permissions: '0644'
                content: |
                  OPTS_RPC_MOUNTD=""
            ssh_authorized_keys:
              - ssh-rsa 121313dqx1e123e12 user@my_mac

            """

        // MARK: Central services and a worker

        private func central(_ cluster: TestCluster) async throws {
            let gateway = cluster.cidr.replacing(".0/24", with: ".1")
            let options = ["--listen", "\(gateway):8087", "--directory", "\(cluster.directory)/tokens"]
            let serving = try GuardedProcess(
                ["\(Program.directory)/slipway", "discovery", "serve"] + options,
                log: "\(cluster.directory)/discovery.log",
            )
            defer { serving.stop() }
            let asking = "curl -sf --retry 50 --retry-connrefused --retry-delay 0 http://\(gateway):8087/new?size=3"
            let url = try await Program.shell(asking).expecting(0).output

            // The worker is there first, and leaves the members their places.
            try await apply(Self.worker(url), to: "box-5", cluster)
            _ = try await cluster.exec("box-5", Self.start).expecting(0)
            for node in ["box-2", "box-3", "box-4"] {
                try await apply(Self.central(url), to: node, cluster)
                _ = try await cluster.exec(node, Self.start).expecting(0)
            }
            let script = """
                for i in $(seq 600); do etcdctl put /here yes >/dev/null 2>&1 && break; sleep 0.1; done
                etcdctl get --print-value-only /here
                # The last of three may come when the other two answer already.
                for i in $(seq 300); do [ "$(ETCDCTL_API=3 etcdctl member list | grep -c started)" != 3 ] || break; sleep 0.1; done
                ETCDCTL_API=3 etcdctl member list | grep -c started
                curl -s -X PUT -d value=1 localhost:4001/v2/keys/here | grep -o '"action":"set"'
                """
            let said = try await cluster.output("box-5", script, deadline: 90)
            #expect(said == "yes\n3\n\"action\":\"set\"", "\(serving.logTail())")
        }

        /// These configs leave etcd2's start to whoever gives them.
        private static let start = "sudo systemctl start --no-block etcd2.service"

        private static func central(_ url: String) -> String {
            """
            #cloud-config
            coreos:
              etcd2:
                # generate a new token for each unique cluster from https://discovery.etcd.io/new
                discovery: \(url)
                initial-advertise-peer-urls: http://$private_ipv4:2380
                # listen on both the official ports and the legacy ports
                # legacy ports can be omitted if your application doesn't depend on them
                listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
                listen-peer-urls: http://$private_ipv4:2380,http://$private_ipv4:7001
                data-dir: /var/lib/etcd2

            """
        }

        private static func worker(_ url: String) -> String {
            """
            #cloud-config
            coreos:
              etcd2:
                listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
                advertise-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001
                discovery: \(url)
                proxy: on

            """
        }
    }
}
