import ArgumentParser
import Foundation

/// Bytes a second from container to container, beside those from node to node in the same run.
struct ContainersBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "containers",
        abstract: "Send bytes from container to container on two nodes, beside the same from node to node.",
        discussion: """
            busybox's nc sends zeros on both sides, by one connection: what a packet costs shows, as no disk is involved. \
            vxlan and host-gw are each measured on a cluster of their own, nodes and containers in turn.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "Do it this many times, each side first in turn.")
    var runs = Runs(5)

    @Option(help: ArgumentHelp("Send this much each time.", valueName: "MiB"))
    var size = 1024

    private static let cluster = "bench-net"
    private static let (sender, receiver) = ("core-1", "core-2")
    private static let image = "busybox"

    func run() async throws {
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: runs.count)
        let result: Result<Void, any Error>
        do {
            for backend in ["vxlan", "host-gw"] { try await measure(backend, slipway, scratch, report.figures) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await slipway.clear([Self.cluster])
        try scratch.remove()
        try result.get()
        try options.show(report, title: "container to container", rows: Self.rows)
    }

    private func measure(
        _ backend: String,
        _ slipway: SlipwayProgram,
        _ scratch: Scratch,
        _ figures: Figures,
    ) async throws {
        let text = """
            name: \(Self.cluster)
            network: {cidr: 10.71.124.0/24}
            flannel: {backend: \(backend)}
            roles:
              core: {count: 2, etcd: member}

            """
        let topology = try scratch.write(text, to: "\(backend).yaml")
        try await slipway("up", topology, "--yes")
        func on(_ node: String, _ script: String) async throws -> String {
            try await slipway("exec", Self.cluster, node, "--", script)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let start = """
            docker run --detach --name bench \(Self.image) sleep 36000 >/dev/null
            docker inspect --format '{{.NetworkSettings.IPAddress}}' bench
            """
        _ = try await on(Self.sender, start)
        let container = try await on(Self.receiver, start)
        let node = try await slipway.address(of: Self.receiver, in: Self.cluster)
        let sides = [("node", "", node), ("container", "docker exec bench", container)]
        for run in 1...runs.count {
            Host.note("\(backend), run \(run) of \(runs.count)")
            for (side, prefix, address) in run % 2 == 1 ? sides : sides.reversed() {
                _ = try await on(Self.receiver, Self.listen(prefix))
                let rate = try await on(Self.sender, Self.send(prefix, to: address, size))
                guard let rate = Double(rate) else { throw BenchError("\(side) by \(backend) says '\(rate)'") }
                figures.add("\(backend)_\(side)", rate)
            }
        }
        try await slipway("down", Self.cluster, "--yes")
    }

    /// Its input never ends before the connection does, or nc would end it.
    private static func listen(_ prefix: String) -> String {
        """
        (setsid \(prefix) sh -c 'sleep 600 | busybox nc -l -p 5001 >/dev/null' </dev/null >/dev/null 2>&1 &)
        for i in $(seq 100); do \(prefix) busybox netstat -ltn | grep -q :5001 && break; sleep 0.1; done
        """
    }

    /// Prints MiB a second, by the time until the connection has ended.
    private static func send(_ prefix: String, to address: String, _ size: Int) -> String {
        let pipe = "busybox dd if=/dev/zero bs=1M count=\(size) 2>/dev/null | busybox nc \(address) 5001"
        return """
            begin=$(date +%s%N)
            \(prefix) sh -c '\(pipe)' >/dev/null
            echo $(( \(size) * 1000000000 / ($(date +%s%N) - begin) ))
            """
    }

    private static let rows = [
        Row(
            title: "by vxlan",
            figure: "vxlan_container",
            factor: 1,
            unit: "MiB/s",
            beside: "vxlan_node",
            aim: .leastRatio(0.6)
        ),
        Row(
            title: "by host-gw",
            figure: "host-gw_container",
            factor: 1,
            unit: "MiB/s",
            beside: "host-gw_node",
            aim: .leastRatio(0.9)
        ),
    ]
}
