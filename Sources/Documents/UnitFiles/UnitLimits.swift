/// Limits of a service's use of a machine: its `MemoryMax=` and `CPUQuota=`.
package struct UnitLimits: Sendable, Hashable {
    /// Amount of memory that a unit may take.
    package enum Memory: Sendable, Hashable {
        case bytes(UInt64)
        /// Hundredths of the machine's.
        case percent(Int)
    }

    /// nil for no limit.
    package var memory: Memory?
    /// Hundredths of one CPU; nil for no limit.
    package var cpuPercent: Int?

    package init(memory: Memory? = nil, cpuPercent: Int? = nil) {
        self.memory = memory
        self.cpuPercent = cpuPercent
    }

    /// The limits in the unit's `[Service]`; of several the last, of what cannot be read none.
    package init(of unit: UnitFile) {
        self.init(
            memory: unit.values(of: "MemoryMax", in: "Service").last.flatMap(UnitLimits.memory),
            cpuPercent: unit.values(of: "CPUQuota", in: "Service").last.flatMap(UnitLimits.percent),
        )
    }

    private static func memory(_ text: String) -> Memory? {
        if let percent = percent(text) { return .percent(percent) }
        let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
        let factor = text.last.flatMap { units[$0] }
        guard let number = UInt64(factor == nil ? text : String(text.dropLast())) else { return nil }
        let (bytes, overflows) = number.multipliedReportingOverflow(by: factor ?? 1)
        return overflows ? nil : .bytes(bytes)
    }

    private static func percent(_ text: String) -> Int? {
        guard text.hasSuffix("%"), let number = Int(text.dropLast()), (0...1_000_000).contains(number) else {
            return nil
        }
        return number
    }
}
