import Basics

/// Load of a host, by Linux's own figures.
package struct HostLoad: Sendable, Hashable {
    /// Processors.
    package var processors: Int
    /// Threads that run or wait for a processor now, all of the host's: `/proc/loadavg`.
    package var runnable: Int
    /// Memory that programs can still have, in MiB: `MemAvailable` of `/proc/meminfo`.
    package var availableMiB: Int
    /// Share of the last ten seconds in which all programs waited for memory, in percent: `full avg10` of
    /// `/proc/pressure/memory`; nil where the kernel does not say.
    package var memoryPressure: Double?

    package init(processors: Int, runnable: Int, availableMiB: Int, memoryPressure: Double? = nil) {
        self.processors = processors
        self.runnable = runnable
        self.availableMiB = availableMiB
        self.memoryPressure = memoryPressure
    }

    /// Reads the contents of the kernel's files; nil where one is not of the known form.
    ///
    /// - Parameters:
    ///   - loadAverage: `/proc/loadavg`.
    ///   - memory: `/proc/meminfo`.
    ///   - pressure: `/proc/pressure/memory`; empty where there is none.
    package init?(processors: Int, loadAverage: String, memory: String, pressure: String) {
        let fields = loadAverage.split(whereSeparator: \.isWhitespace)
        let available = memory.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        guard fields.count > 3, let runnable = fields[3].split(separator: "/").first.flatMap({ Int($0) }),
            let kibibytes = available.flatMap({ Int($0.filter(\.isNumber)) })
        else { return nil }
        let full = pressure.split(separator: "\n").first { $0.hasPrefix("full ") }
        let average = full?.split(separator: " ").first { $0.hasPrefix("avg10=") }?.dropFirst("avg10=".count)
        self.init(
            processors: max(processors, 1),
            runnable: runnable,
            availableMiB: kibibytes / 1024,
            memoryPressure: average.flatMap { Double($0) },
        )
    }
}
