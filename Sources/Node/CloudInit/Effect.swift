import CloudConfig

/// One thing to do to the machine. Paths are absolute; all of it may be done again on every boot.
package enum Effect: Sendable, Hashable {
    case setHostname(String)
    /// Creates the user, or sets the password of one who is there.
    case ensureUser(CloudConfig.User)
    /// Sets the keys that `name` stands for among those of the user.
    case authorizeKeys(user: String, name: String, keys: [String])
    case writeFile(path: String, content: [UInt8], owner: String?, mode: UInt32)
    /// Sets variables in a file of `NAME=value` lines and leaves its other lines alone. `template` is where a file that
    /// is not there yet starts from.
    case setVariables(path: String, template: String?, variables: [EnvironmentVariable])
    /// A unit's file or drop-in: systemd has to read it again when it changed.
    case writeUnit(path: String, content: String)
    case writeNetworkUnit(path: String, content: String)
    /// Makes the unit file a link to `/dev/null`.
    case mask(path: String)
    /// Removes a unit file that is empty or leads to `/dev/null`.
    case unmask(path: String)
    case enable(unit: String, runtime: Bool)
    /// Has systemd read its files again if it holds an older version of one that changed.
    case reloadSystemd
    /// Restarts systemd-networkd if one of its files changed, and starts it if it neither runs nor is about to.
    case restartNetworkd
    /// - Parameter isOptional: whether it is no fault when the machine has no such unit.
    case run(CloudConfig.UnitCommand, unit: String, isOptional: Bool)
    /// Takes back what an earlier run did and the config no longer names.
    case takeBack(AppliedManifest.Item)
    /// Gives back the login of a user who was taken out of the config and is in it again.
    case unlockUser(String)
    /// Puts a user whom this program made into groups that the config names.
    case joinGroups(user: String, groups: [String])
    /// Something in the config that is passed over.
    case note(String)

    /// True when what comes after it can do without it.
    var isForItself: Bool {
        switch self {
        case .reloadSystemd, .restartNetworkd, .takeBack, .unlockUser, .note: false
        default: true
        }
    }
}
