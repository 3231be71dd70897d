import Basics
import Etcd
import Planning
import Provisioning
import Terminal
import Workspace

/// A cluster as `status --watch` shows it on a terminal: what is, what it costs, and what has just happened.
struct StatusScreen {
    /// Latencies and loads of the last minute, one a second.
    struct Samples: Equatable {
        static let most = 60

        /// Milliseconds until each etcd member answered, by its node; nil where it did not.
        var latencies: [String: [Double?]] = [:]
        /// The host's threads that run or wait for a processor, for each processor; empty where the host is another.
        var loads: [Double] = []

        mutating func add(latencies now: [String: Double?], load: Double?) {
            for name in Set(latencies.keys).union(now.keys) {
                guard let value = now[name] else {
                    latencies[name] = nil
                    continue
                }
                latencies[name] = Array(((latencies[name] ?? []) + [value]).suffix(Self.most))
            }
            if let load { loads = Array((loads + [load]).suffix(Self.most)) }
        }
    }

    /// A change, and when it was seen, in seconds since 1970.
    struct Moment {
        var time: Double
        var change: ClusterChange
    }

    var cluster: String
    /// Nil until the cluster was seen for the first time, and once it has gone.
    var look: ClusterLook?
    var samples = Samples()
    /// Changes since the watch began, the oldest first.
    var moments: [Moment] = []
    /// Reason why the host cannot be looked at now.
    var trouble: String?
    var showsAll = false

    /// Number of changes that are kept.
    private static let history = 500
    /// Lines that changes have at least, where there are any.
    private static let leastMoments = 4
    private static let graphWidth = 30
    /// Steps under way that are shown.
    private static let mostRunning = 4
    /// Latency, in milliseconds, that fills a bar: etcd's own limit for a disk that is too slow.
    private static let slowLatency = 100.0

    /// Takes in a look.
    mutating func see(_ host: HostLook, at time: Double) {
        trouble = host.trouble
        let new = host.clusters[cluster]
        if let new, let old = look {
            let changes = new.observation.changes(since: old.observation, in: cluster)
                .filter { old.isAsked || $0.subject != .etcd }
            moments = Array((moments + changes.map { Moment(time: time, change: $0) }).suffix(Self.history))
        }
        // What cannot be looked at is as it was.
        if new != nil || host.trouble == nil { look = new }
    }

    /// The whole screen.
    ///
    /// - Parameters:
    ///   - time: seconds since 1970.
    ///   - rows: lines that there are.
    func lines(rows: Int, style: Style, now time: Double) -> [String] {
        let keys = "q quits, a shows \(showsAll ? "roles" : "all nodes") "
        guard let look, look.isAsked else {
            return ["Cluster \(style.paint(cluster, .bold)): \(trouble ?? "looking …")", "", style.paint(keys, .dim)]
        }
        let report = StatusReport(look.observation, cluster: cluster)
        var lines = report.text(style: style, all: showsAll).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        while lines.last?.isEmpty == true { lines.removeLast() }
        if let lease = look.lease { lines.insert(contentsOf: Self.work(lease, style: style), at: 1) }
        if let trouble { lines.insert(style.paint("as it was last seen: \(trouble)", .red), at: 1) }
        lines += [""] + graphs(look, style: style)
        let foot = [style.paint("\(keys)· \(JournalPrinter.time(time))", .dim)]
        // What happens is never pushed off the screen by what there is.
        let wanted = moments.isEmpty ? 0 : min(moments.count, Self.leastMoments) + 1
        let room = max(rows - foot.count - wanted, 1)
        if lines.count > room { lines = lines.prefix(room - 1) + ["… and \(lines.count - room + 1) more lines"] }
        let left = rows - lines.count - foot.count
        if left > 1, !moments.isEmpty {
            lines += [""] + moments.suffix(left - 1).map { ClusterEvents.line($0.change, at: $0.time, style: style) }
        }
        lines += Array(repeating: "", count: max(0, rows - lines.count - foot.count))
        return lines + foot
    }

    /// Who changes the cluster, how far that is, and what is under way.
    private static func work(_ lease: LeaseRecord, style: Style) -> [String] {
        let head = "\(lease.holder) changes it now"
        guard let run = lease.progress else { return [style.paint(head, .yellow)] }
        let failed = run.failed == 0 ? "" : ", \(run.failed) failed"
        let shown = run.running.prefix(mostRunning).map { step in
            "  \(step.title)" + (step.detail.isEmpty ? "" : style.paint(" \(step.detail)", .dim))
        }
        return [style.paint("\(head): \(run.ended) of \(run.steps) steps\(failed)", .yellow)] + shown
    }

    /// A line for each member of etcd, and one for the host.
    private func graphs(_ look: ClusterLook, style: Style) -> [String] {
        let members = samples.latencies.naturallySorted(by: \.key)
        let width = max(members.map { DisplayText.width($0.key) }.max() ?? 0, "host".count)
        var lines = members.map { name, values in
            let picture = Sparkline.text(values, width: Self.graphWidth, most: Self.slowLatency)
            let last = values.last.flatMap { $0 }.map { "answers in \(Self.milliseconds($0))" } ?? "does not answer"
            let part = name == look.leader ? ", leads" : ""
            let size = look.members[name].map { ", \(Format.bytes($0.databaseSize))" } ?? ""
            let isSlow = values.last.flatMap { $0 }.map { $0 >= Self.slowLatency } ?? true
            let text = "etcd \(Self.padded(name, width)) \(style.paint(picture, .cyan)) "
            return text + style.paint("\(last)\(part)\(size)", isSlow ? .red : .dim)
        }
        if let load = samples.loads.last {
            let picture = Sparkline.text(samples.loads, width: Self.graphWidth, most: 1)
            let text = "load \(Self.padded("host", width)) \(style.paint(picture, .cyan)) "
            lines.append(text + style.paint("\(Self.tenths(load)) runnable threads a processor", .dim))
        }
        return lines
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - DisplayText.width(text)))
    }

    private static func milliseconds(_ value: Double) -> String { "\(tenths(value)) ms" }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
