import CLibvirt

/// Parts to remove with a domain's definition; each driver knows some, and refuses the others.
package struct UndefineFlags: OptionSet, Sendable {
    /// libvirt's bits.
    package var rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Saved memory goes as well.
    package static let managedSave = UndefineFlags(VIR_DOMAIN_UNDEFINE_MANAGED_SAVE)
    /// Descriptions of snapshots go as well.
    package static let snapshots = UndefineFlags(VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
    /// Descriptions of checkpoints go as well.
    package static let checkpoints = UndefineFlags(VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)
    /// The firmware's variables go as well.
    package static let nvram = UndefineFlags(VIR_DOMAIN_UNDEFINE_NVRAM)
    /// The TPM's state goes as well.
    package static let tpm = UndefineFlags(VIR_DOMAIN_UNDEFINE_TPM)

    private init(_ flag: virDomainUndefineFlagsValues) {
        rawValue = flag.rawValue
    }

    /// All that a driver of a version knows.
    ///
    /// - Parameters:
    ///   - driver: `virConnectGetType`: `LXC`, `QEMU`, `TEST`.
    ///   - version: the daemon's libvirt, as `major * 1_000_000 + minor * 1_000 + release`.
    package static func all(driver: String, version: UInt) -> UndefineFlags {
        switch driver {
        case "QEMU":
            var flags: UndefineFlags = [.managedSave, .snapshots, .nvram]
            if version >= 5_006_000 { flags.insert(.checkpoints) }
            if version >= 8_009_000 { flags.insert(.tpm) }
            return flags
        case "TEST":
            return [.managedSave, .snapshots]
        default:
            // The LXC driver accepts no flag at all.
            return []
        }
    }
}
