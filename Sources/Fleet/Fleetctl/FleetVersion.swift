/// The version fleetctl tells; it speaks the protocol of fleet 1.0.
package enum FleetVersion {
    /// Version of fleetctl.
    package static let current = "1.0.0+slipway"
    /// The version as the program prints it.
    static let line = "fleetctl version \(current)"
}
