/// What a listener hears about units.
package enum UnitChange: Sendable, Hashable {
    /// This is the unit's state now.
    case status(UnitStatus)
    /// systemd has dropped the unit from memory: it is inactive and has not failed.
    case unloaded(String)
    /// Changes may have been missed before this point: list the units again.
    case resync
}
