import ArgumentParser
import Foundation

/// Virtual machines from nothing to ssh and to quorum, beside the same made by bare libvirt calls in the same run.
struct VMBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vm",
        abstract: "Bring virtual machines up, beside the same ones made by bare libvirt calls.",
        discussion: """
            Both sides count from before the first volume is made, slipway's from the start of the command. Further: \
            disks, config drives and domains of ten nodes, the upload of an image, and production as machines, once.
            """,
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "Do it this many times, each side first in turn.")
    var runs = Runs(3)

    @Flag(
        name: .customLong("no-production"),
        help: "Leave out production as five machines, with its smoke test."
    )
    var leavesOutProduction = false

    private static let (cluster, ten) = ("bench-vm", "bench-ten")
    private static let nodes = ["core-1", "core-2", "core-3"]
    private static let addresses = ["10.71.122.10", "10.71.122.11", "10.71.122.12"]

    private static func topology(_ name: String, members: Int, cidr: String) -> String {
        """
        name: \(name)
        network: {cidr: \(cidr)}
        defaults: {runtime: vm, memory: 512MiB}
        roles:
          core: {count: \(members), etcd: member}

        """
    }

    func run() async throws {
        let slipway = SlipwayProgram(path: options.slipway)
        let scratch = try Scratch()
        let report = BenchReport(runs: runs.count)
        try await slipway("image", "build", "--vm")
        let result: Result<Void, any Error>
        do { result = .success(try await measure(slipway, scratch, report.figures)) } catch {
            result = .failure(error)
        }
        await slipway.clear([Self.cluster, Self.ten, "production"])
        try await slipway("image", "prune", "--yes")
        try scratch.remove()
        try result.get()
        try options.show(report, title: "virtual machines", rows: Self.rows)
    }

    private func measure(_ slipway: SlipwayProgram, _ scratch: Scratch, _ figures: Figures)
        async throws
    {
        let three = try scratch.write(
            Self.topology(Self.cluster, members: 3, cidr: "10.71.122.0/24"),
            to: "three.yaml"
        )
        let ten = try scratch.write(
            Self.topology(Self.ten, members: 10, cidr: "10.71.123.0/24"),
            to: "ten.yaml"
        )
        Host.note("the upload of the image")
        try await upload(three, slipway, figures)
        let bare = try await BareVMs(
            of: Self.cluster,
            topology: three,
            nodes: Self.nodes,
            slipway: slipway,
            to: scratch,
        )
        try await slipway("down", Self.cluster, "--yes")
        for run in 1...runs.count {
            Host.note("run \(run) of \(runs.count)")
            // Whatever is second finds more of the host's memory in use.
            let sides = [
                { try await self.bare(bare, figures) }, { try await self.cluster(three, slipway, figures) },
            ]
            for side in run % 2 == 1 ? sides : sides.reversed() { try await side() }
        }
        Host.note("ten nodes")
        for _ in 1...runs.count { try await define(ten, slipway, figures) }
        guard !leavesOutProduction else { return }
        Host.note("production as five machines")
        let production = "Topologies/production.yaml"
        let up = try await Host.timed {
            try await slipway("up", production, "--runtime", "vm", "--yes")
        }
        figures.add("production_up", up)
        figures.add(
            "production_smoke",
            try await Host.timed { try await slipway("smoke", "production") }
        )
        try await slipway("down", "production", "--yes")
    }

    private func probe(_ prefix: String, since begin: Date, _ figures: Figures) async throws {
        let greeted = try await Host.greetedBySSH(Self.addresses, within: .seconds(300))
        let voted = try await Host.healthy(Self.addresses, within: .seconds(300))
        figures.add("\(prefix)ssh", greeted.timeIntervalSince(begin) * 1000)
        figures.add("\(prefix)quorum", voted.timeIntervalSince(begin) * 1000)
    }

    private func bare(_ machines: BareVMs, _ figures: Figures) async throws {
        let begin = Date.now
        try await machines.up()
        try await probe("bare_", since: begin, figures)
        try await machines.down()
    }

    private func cluster(_ topology: String, _ slipway: SlipwayProgram, _ figures: Figures)
        async throws
    {
        let begin = Date.now
        async let up = Host.timed { try await slipway("up", topology, "--yes") }
        try await probe("", since: begin, figures)
        figures.add("up", try await up)
        try await slipway("down", Self.cluster, "--yes")
    }

    private static func pool() async throws -> String? {
        let xml = try? await BareVMs.virsh("pool-dumpxml", "slipway")
        return xml?.firstMatch(of: /<path>(.*?)<\/path>/).map { String($0.1) }
    }

    private static func files(_ directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).map {
            "\(directory)/\($0)"
        }
    }

    /// The time from the first volume of ten nodes to the last one's domain, while those that are defined start
    /// already.
    private func define(_ topology: String, _ slipway: SlipwayProgram, _ figures: Figures)
        async throws
    {
        guard let pool = try await Self.pool() else { throw BenchError("there is no pool") }
        // A task that is cancelled ends its program.
        let up = Task { try await slipway("up", topology, "--yes") }
        defer { up.cancel() }
        let first = try await Host.wait(for: "a volume", within: .seconds(60)) {
            Self.files(pool).contains { $0.contains("/\(Self.ten).") }
        }
        let last = try await Host.wait(for: "ten domains", within: .seconds(60)) {
            let names = try await BareVMs.virsh("list", "--all", "--name").split(separator: "\n")
            return names.count { $0.hasPrefix("\(Self.ten).") } == 10
        }
        figures.add("ten_defined", last.timeIntervalSince(first) * 1000)
        up.cancel()
        _ = await up.result
        try await slipway("down", Self.ten, "--yes")
    }

    /// The largest image into the empty pool, and the same bytes written there by cat.
    private func upload(_ topology: String, _ slipway: SlipwayProgram, _ figures: Figures)
        async throws
    {
        try await slipway("image", "prune", "--yes")
        async let up = Host.timed { try await slipway("up", topology, "--yes") }
        func image(_ suffix: String) async throws -> String? {
            guard let pool = try await Self.pool() else { return nil }
            // The disk is uploaded first, and is the largest.
            return Self.files(pool).first { $0.contains("/image-") && $0.hasSuffix(suffix) }
        }
        let begun = try await Host.wait(for: "an image's volume", within: .seconds(180)) {
            try await image(".raw") != nil
        }
        let whole = try await Host.wait(for: "the whole image", within: .seconds(180)) {
            try await image(".raw.whole") != nil
        }
        _ = try await up
        guard let file = try await image(".raw"),
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        else { throw BenchError("the image has gone") }
        let mebibytes = Double(size) / 1_048_576
        figures.add("upload_rate", mebibytes / whole.timeIntervalSince(begun))
        let copying = try await Host.timed { _ = try await Host.shell(#"cat "$1" >"$1.copy""#, file) }
        figures.add("copy_rate", mebibytes / (copying / .seconds(1)))
        try FileManager.default.removeItem(atPath: "\(file).copy")
    }

    private static let rows = [
        Row(title: "three machines answer ssh", figure: "ssh", beside: "bare_ssh", aim: .ratio(1.1)),
        Row(
            title: "three members have a quorum",
            figure: "quorum",
            beside: "bare_quorum",
            aim: .ratio(1.1)
        ),
        Row(title: "up, the whole command", figure: "up"),
        Row(title: "ten nodes: disks, config drives, domains", figure: "ten_defined", aim: .atMost(2)),
        Row(title: "production as five machines, up", figure: "production_up"),
        Row(title: "its smoke test", figure: "production_smoke"),
        Row(
            title: "upload of an image",
            figure: "upload_rate",
            factor: 1,
            unit: "MiB/s",
            beside: "copy_rate"
        ),
    ]
}
