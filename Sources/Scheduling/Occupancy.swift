/// Which unit is where, and what follows for conflicts and load. Units and machines are numbers.
struct Occupancy {
    /// The machine of each unit that is on exactly one; nil for the others.
    private(set) var place: [Int?]
    /// The units on each machine, global ones included.
    private(set) var units: [Set<Int>]
    /// The global units among them.
    private(set) var globals: [Set<Int>]
    /// The machines by load, then by number.
    private(set) var order: [Int]

    private let patterns: PatternIndex
    private var load: [Int]
    /// For each machine and pattern, how many units there match it, and how many carry it.
    private var matching: [[Int: Int]]
    private var carrying: [[Int: Int]]

    /// - Parameter load: how many units each machine has to begin with.
    init(patterns: PatternIndex, load: [Int]) {
        self.patterns = patterns
        self.load = load
        place = Array(repeating: nil, count: patterns.carried.count)
        units = Array(repeating: [], count: load.count)
        globals = units
        matching = Array(repeating: [:], count: load.count)
        carrying = matching
        order = load.indices.sorted { (load[$0], $0) < (load[$1], $1) }
    }

    mutating func put(_ unit: Int, on machine: Int) {
        place[unit] = machine
        changeLoad(of: machine, by: 1)
        enter(unit, machine)
    }

    mutating func take(_ unit: Int) {
        guard let machine = place[unit] else { return }
        place[unit] = nil
        changeLoad(of: machine, by: -1)
        leave(unit, machine)
    }

    mutating func putGlobal(_ unit: Int, on machine: Int) {
        globals[machine].insert(unit)
        enter(unit, machine)
    }

    mutating func takeGlobals(from machine: Int) {
        for unit in globals[machine] { leave(unit, machine) }
        globals[machine] = []
    }

    /// Whether a unit on the machine, other than this one, conflicts with it.
    func hasConflict(_ unit: Int, on machine: Int) -> Bool {
        let isThere = units[machine].contains(unit)
        let carried = patterns.carried[unit]
        let matched = patterns.matching[unit]
        return carried.contains { (matching[machine][$0] ?? 0) > (isThere && matched.contains($0) ? 1 : 0) }
            || matched.contains { (carrying[machine][$0] ?? 0) > (isThere && carried.contains($0) ? 1 : 0) }
    }

    private mutating func enter(_ unit: Int, _ machine: Int) {
        units[machine].insert(unit)
        for pattern in patterns.matching[unit] { matching[machine][pattern, default: 0] += 1 }
        for pattern in patterns.carried[unit] { carrying[machine][pattern, default: 0] += 1 }
    }

    private mutating func leave(_ unit: Int, _ machine: Int) {
        units[machine].remove(unit)
        for pattern in patterns.matching[unit] { matching[machine][pattern, default: 0] -= 1 }
        for pattern in patterns.carried[unit] { carrying[machine][pattern, default: 0] -= 1 }
    }

    private mutating func changeLoad(of machine: Int, by change: Int) {
        order.remove(at: position(load[machine], machine))
        load[machine] += change
        order.insert(machine, at: position(load[machine], machine))
    }

    /// Where a machine with this load stands, or is to be inserted, in the order.
    private func position(_ wanted: Int, _ machine: Int) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            let other = order[middle]
            if (load[other], other) < (wanted, machine) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
