/// Placement of units, with the conflicts, preferences and loads that follow. Units and machines are numbers.
struct Occupancy {
    /// The machine of each unit that is on exactly one; nil for the others.
    private(set) var place: [Int?]
    /// The units on each machine, global ones included.
    private(set) var units: [Set<Int>]
    /// The global units among them.
    private(set) var globals: [Set<Int>]
    /// The machines by load.
    private(set) var order: LoadOrder

    private var conflicts: PatternTally
    private var apart: PatternTally
    private let weight: (Int, Int) -> Int

    /// - Parameters:
    ///   - load: what each machine has to begin with.
    ///   - weight: of a unit on a machine.
    init(conflicts: PatternTally, apart: PatternTally, units: Int, load: [Int], weight: @escaping (Int, Int) -> Int) {
        self.conflicts = conflicts
        self.apart = apart
        self.weight = weight
        place = Array(repeating: nil, count: units)
        self.units = Array(repeating: [], count: load.count)
        globals = self.units
        order = LoadOrder(load: load)
    }

    mutating func put(_ unit: Int, on machine: Int) {
        place[unit] = machine
        order.change(machine, by: weight(unit, machine))
        enter(unit, machine)
    }

    mutating func take(_ unit: Int) {
        guard let machine = place[unit] else { return }
        place[unit] = nil
        order.change(machine, by: -weight(unit, machine))
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

    /// Returns whether a unit on the machine, other than this one, conflicts with it.
    func hasConflict(_ unit: Int, on machine: Int) -> Bool {
        conflicts.meets(unit, on: machine, isThere: units[machine].contains(unit))
    }

    /// Returns the number of units on the machine that this one prefers to avoid, or that prefer to avoid it. It is not
    /// there itself.
    func unwantedCompany(of unit: Int, on machine: Int) -> Int { apart.meetings(unit, on: machine) }

    /// Returns whether it matters to the unit, or to another, which units it is with, short of a conflict.
    func hasWishes(_ unit: Int) -> Bool { apart.concerns(unit) }

    private mutating func enter(_ unit: Int, _ machine: Int) {
        units[machine].insert(unit)
        conflicts.enter(unit, machine)
        apart.enter(unit, machine)
    }

    private mutating func leave(_ unit: Int, _ machine: Int) {
        units[machine].remove(unit)
        conflicts.leave(unit, machine)
        apart.leave(unit, machine)
    }
}
