import ArgumentParser

/// Benchmarks of Slipway and fleet; Scripts/bench runs them in a sandbox.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how long Slipway, fleet and the scheduler take.",
        subcommands: [
            ProductionBench.self, FleetBench.self, ScaleBench.self, VMBench.self, ScheduleBench.self,
            TortureBench.self, SoakBench.self, ContainersBench.self, Day2Bench.self,
        ],
        defaultSubcommand: ProductionBench.self,
    )
}

/// Options of every measurement on nodes.
struct BenchOptions: ParsableArguments {
    @Flag(help: "Print the figures as JSON.")
    var json = false

    @Option(help: ArgumentHelp("The slipway to measure.", valueName: "path"))
    var slipway = ".build/release/slipway"

    /// Prints figures as JSON or as a table, with the load beside which they were taken.
    func show(_ report: BenchReport, title: String, rows: [Row]) throws {
        if json {
            print(try report.json())
        } else {
            print(Row.table(rows, report, title: title))
            let cores = "\(report.cores) cores; load \(report.loadBefore) before, \(Host.load()) after."
            print("\nMedians of \(report.runs) runs; \(cores)")
        }
    }
}

/// Reason why a measurement cannot go on.
struct BenchError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// The number of times that something is measured.
struct Runs: ExpressibleByArgument, CustomStringConvertible {
    var count: Int

    var description: String { "\(count)" }

    init(_ count: Int) { self.count = count }

    init?(argument: String) {
        guard let count = Int(argument), count > 0 else { return nil }
        self.count = count
    }
}
