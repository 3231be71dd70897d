/// Lets the fleetd of every node reach etcd only by way of this host, which hands each request on 200 ms late.
struct SlowEtcd {
    private static let port = 12379
    private static let dropIn = "/run/systemd/system/fleet.service.d/90-slow.conf"
    private static let relay = """
        import asyncio, os, sys
        requests = 0
        async def pump(source, sink, delay):
            global requests
            try:
                while data := await source.read(65536):
                    await asyncio.sleep(delay)
                    requests += delay > 0
                    # At once: it may be killed at any moment.
                    with open("/tmp/slow-etcd.part", "w") as file: file.write(str(requests))
                    os.replace("/tmp/slow-etcd.part", "/tmp/slow-etcd.count")
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()
        async def serve(reader, writer):
            up_reader, up_writer = await asyncio.open_connection(sys.argv[1], 2379)
            await asyncio.gather(pump(reader, up_writer, 0.2), pump(up_reader, writer, 0))
        async def main():
            server = await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[2]))
            await server.serve_forever()
        asyncio.run(main())
        """

    /// - Returns: how many requests went that way.
    static func during(_ faults: Faults, through member: String, _ body: () async throws -> Void) async throws -> Int {
        let address = try await faults.cluster.status().node(member)?.address ?? "-"
        let start = """
            setsid timeout 120 python3 -c "$0" \(address) \(port) >/tmp/slow-etcd.log 2>&1 </dev/null & echo $!
            for i in $(seq 100); do ! (: >/dev/tcp/127.0.0.1/\(port)) 2>/dev/null || exit 0; sleep 0.1; done
            cat /tmp/slow-etcd.log >&2; exit 1
            """
        let started = try await Program.run(["bash", "-c", start, relay]).expecting(0)
        let process = started.output.trimmingSuffix("\n")
        do {
            let set =
                "[Service]\\nEnvironment=FLEET_ETCD_SERVERS=http://$(ip -4 route show default | cut -d' ' -f3):\(port)\\n"
            let use = "sudo mkdir -p ${f%/*} && printf \"\(set)\" | sudo tee $f"
            for node in faults.nodes { try await change(node, use, faults) }
            try await body()
            for node in faults.nodes { try await change(node, "sudo rm $f", faults) }
        } catch {
            _ = try await Program.shell("kill \(process)")
            throw error
        }
        let count = try await Program.shell("kill \(process); cat /tmp/slow-etcd.count").expecting(0)
        guard let requests = Int(count.output) else { throw Unexpected("the relay counted \"\(count.output)\"") }
        return requests
    }

    private static func change(_ node: String, _ command: String, _ faults: Faults) async throws {
        let script = "f=\(dropIn); \(command) && sudo systemctl daemon-reload && sudo systemctl restart fleet.service"
        try await faults.cluster.exec(node, script).expecting(0)
    }
}
