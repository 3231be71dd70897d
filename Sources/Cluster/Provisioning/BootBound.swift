/// Number of nodes that may be on their way up at once: as many as keep the host's processors busy, and no more. A boot
/// that shares a processor with fifty others is so slow that leases end and deadlines pass before it is over.
package struct BootBound: Sendable, Hashable {
    /// Boots that begin whatever the host has to do, so that there is always progress.
    package var least: Int
    /// Boots at once on a host that has nothing else to do.
    package var most: Int

    /// A node waits for the network, its disk and etcd about as long as it computes; beyond this, boots only wait for
    /// each other.
    package static let perProcessor = 4
    /// Runnable threads a processor from which on a host is busy enough.
    static let busy = 6
    /// Memory that a container takes by the time it is ready, in MiB, about.
    package static let containerMiB = 96
    /// Percentage of time lost for want of memory from which on there is too little of it.
    static let thrashing = 10.0

    /// - Parameter most: as asked for with `--max-boots`: then nothing else counts.
    package init(exactly most: Int) {
        (least, self.most) = (max(most, 1), max(most, 1))
    }

    /// The bound of a host with so many processors.
    package init(processors: Int) {
        (least, most) = (max(processors, 1), max(processors, 1) * Self.perProcessor)
    }

    /// Returns true when one more may begin.
    ///
    /// - Parameters:
    ///   - booting: nodes that are on their way up.
    ///   - memoryMiB: what the next one takes.
    ///   - load: nil where nothing is known of the host.
    package func admits(booting: Int, memoryMiB: Int, load: HostLoad?) -> Bool {
        guard booting > 0 else { return true }
        guard booting < most else { return false }
        guard least < most, let load else { return true }
        if load.availableMiB < memoryMiB || load.memoryPressure ?? 0 > Self.thrashing { return false }
        return booting < least || load.runnable <= Self.busy * load.processors
    }
}
