import Basics
import FoundationEssentials
import Provisioning

extension HostWorkspace {
    /// Processors that a host is taken to have of which nothing is known.
    private static let supposedProcessors = 4

    /// Number of nodes that may be on their way up at once.
    ///
    /// - Parameter most: as the user asked for; nil for what the host can carry.
    package func bootBound(atMost most: Int? = nil) -> BootBound {
        if let most { return BootBound(exactly: most) }
        return BootBound(processors: isRemote ? Self.supposedProcessors : ProcessInfo.processInfo.activeProcessorCount)
    }

    /// Load of this host; nil where the kernel does not say.
    package static var load: HostLoad? {
        func text(_ path: String) -> String { (try? WholeFile.text(of: path)) ?? "" }
        return HostLoad(
            processors: ProcessInfo.processInfo.activeProcessorCount,
            loadAverage: text("/proc/loadavg"),
            memory: text("/proc/meminfo"),
            pressure: text("/proc/pressure/memory"),
        )
    }
}
