import Foundation
import Synchronization

/// Looks, ten times a second, on which nodes the units of ``Faults`` run: the processes of all nodes are this host's
/// too.
final class ProcessWatch: Sendable {
    /// One process of a unit, from when to when it was seen.
    struct Run: Sendable, CustomStringConvertible {
        var unit: String
        var node: String
        var process: String
        var first: Date
        var last: Date

        var description: String {
            "\(unit) on \(node), process \(process), from \(first.timeIntervalSince1970) to \(last.timeIntervalSince1970)"
        }
    }

    /// Two processes of one unit at the same time.
    struct Overlap: Sendable, CustomStringConvertible {
        var earlier: Run
        var later: Run
        var end: Date { min(earlier.last, later.last) }

        var description: String { "\(earlier), and \(later)" }
    }

    private let runs = Mutex([String: Run]())

    /// Looks until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            look()
            do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
        }
    }

    private func look() {
        let now = Date.now
        for process in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard process.allSatisfy(\.isNumber), let unit = Self.unit(of: process) else { continue }
            let isKnown = runs.withLock { runs in
                guard runs[process]?.unit == unit else { return false }
                runs[process]?.last = now
                return true
            }
            guard !isKnown, let node = Self.read("/proc/\(process)/root/etc/hostname") else { continue }
            let run = Run(unit: unit, node: node.trimmingSuffix("\n"), process: process, first: now, last: now)
            runs.withLock { $0[process] = run }
        }
    }

    /// The name that a process of these units gives itself.
    private static func unit(of process: String) -> String? {
        guard let line = read("/proc/\(process)/cmdline"), line.hasPrefix("fault-") else { return nil }
        return line.split(separator: "\0").first.map(String.init)
    }

    private static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The units that ran twice at once for some time since `start`, those that run everywhere left out.
    func overlaps(since start: Date) -> [Overlap] {
        let runs = runs.withLock { $0.values.filter { $0.last >= start && $0.unit != "fault-everywhere" } }
        let byUnit = Dictionary(grouping: runs, by: \.unit).mapValues { $0.sorted { $0.first < $1.first } }
        return byUnit.values.flatMap { runs in
            runs.indices.flatMap { index in
                runs[(index + 1)...].filter { $0.first <= runs[index].last }.map {
                    Overlap(earlier: runs[index], later: $0)
                }
            }
        }
    }
}
