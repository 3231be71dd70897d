import Foundation
import Synchronization

/// Measured values by name, in the unit that the name ends with.
final class Figures: Sendable {
    private let values = Mutex([String: [Double]]())

    func add(_ name: String, _ value: Double) {
        values.withLock { $0[name, default: []].append(value) }
    }

    func add(_ name: String, _ took: Duration) { add(name, took / .milliseconds(1)) }

    var all: [String: [Double]] { values.withLock { $0.mapValues { $0.sorted() } } }

    func sorted(_ name: String) -> [Double] { all[name] ?? [] }

    func median(_ name: String) -> Double? {
        let values = sorted(name)
        guard !values.isEmpty else { return nil }
        return (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
    }
}

/// Figures, and what else the machine did meanwhile.
struct BenchReport {
    var runs: Int
    var cores = ProcessInfo.processInfo.processorCount
    var loadBefore = Host.load()
    let figures = Figures()

    private struct Document: Encodable {
        struct Figure: Encodable {
            var median: Double
            var min: Double
            var max: Double
            var all: [Double]
        }

        var runs: Int
        var cores: Int
        var loadBefore: Double
        var loadAfter: Double
        var figures: [String: Figure]
    }

    func json() throws -> String {
        let figures = figures.all.compactMapValues { values -> Document.Figure? in
            guard let first = values.first, let last = values.last else { return nil }
            let median = (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
            return Document.Figure(median: median, min: first, max: last, all: values)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let document = Document(
            runs: runs,
            cores: cores,
            loadBefore: loadBefore,
            loadAfter: Host.load(),
            figures: figures,
        )
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}

/// A line of the table: a figure, what it is compared with, and what is aimed at.
struct Row {
    enum Aim {
        /// The figure in the row's unit is at most this.
        case atMost(Double)
        /// The figure is at most so many times what it is compared with.
        case ratio(Double)
        /// The figure is at least so many times what it is compared with.
        case leastRatio(Double)
    }

    var title: String
    var figure: String
    /// Factor that converts a value to `unit`.
    var factor = 0.001
    var unit = "s"
    /// The figure it is compared with.
    var beside: String?
    /// A value that another program had on another machine, in `unit`.
    var original: Double?
    var aim: Aim?

    /// The rows whose figures were measured.
    static func table(_ rows: [Row], _ report: BenchReport, title: String) -> String {
        let heads = [
            title, "median", "min", "max", "unit", "beside", "ratio", "original", "aim", "held",
        ]
        let lines = [heads] + rows.compactMap { $0.cells(report.figures) }
        let widths = heads.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            cells.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - cells[column].count)
                return column == 0 ? cells[column] + padding : padding + cells[column]
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private func cells(_ figures: Figures) -> [String]? {
        guard let median = figures.median(figure), let low = figures.sorted(figure).first,
            let high = figures.sorted(figure).last
        else { return nil }
        let other = beside.flatMap(figures.median)
        let ratio = other.map { median / $0 }
        let (aimed, held): (String, Bool?) =
            switch aim {
            case nil: ("-", nil)
            case .atMost(let limit): ("<= \(Self.text(limit))", median * factor <= limit)
            case .ratio(let limit): ("<= \(Self.text(limit)) ×", ratio.map { $0 <= limit })
            case .leastRatio(let limit): (">= \(Self.text(limit)) ×", ratio.map { $0 >= limit })
            }
        return [
            title, Self.text(median * factor), Self.text(low * factor), Self.text(high * factor), unit,
            Self.text(other.map { $0 * factor }), Self.text(ratio), Self.text(original), aimed,
            held.map { $0 ? "yes" : "NO" } ?? "-",
        ]
    }

    private static func text(_ value: Double?) -> String {
        value.map { String(format: "%.2f", $0) } ?? "-"
    }
}
