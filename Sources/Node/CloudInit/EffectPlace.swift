import CloudConfig
import CloudConfigLoading
import Diagnostics
import LocatedYAML

/// Finds the line of a cloud-config that asked for something: only when that failed, so that success does not pay for
/// it.
struct EffectPlace {
    private let root: YAMLNode?

    init(_ text: String, file: String) {
        root = YAMLDocument(parsing: text, file: file, duplicateKeys: .warning, joinsDuplicates: true).root
    }

    /// - Parameter isAboutOwner: whether it was the owner of a file that was at fault.
    func location(of effect: Effect, isAboutOwner: Bool = false) -> SourceLocation? {
        switch effect {
        case .setHostname: return root?.pair(["hostname"])?.valueLocation
        case .ensureUser(let user): return userLocation(user.name)
        case .joinGroups(let user, _), .unlockUser(let user): return userLocation(user)
        case .authorizeKeys(let user, _, _):
            return userLocation(user) ?? root?.pair(["ssh_authorized_keys"])?.keyLocation
        case .writeFile(let path, _, _, _):
            let file = root?.elements("write_files").last {
                $0.pair(["path"])?.value.asString.map(NodePath.absolute) == path
            }
            return (isAboutOwner ? file?.pair(["owner"]) : nil)?.valueLocation
                ?? file?.pair(["path"])?.valueLocation
        case .writeUnit(let path, _), .writeNetworkUnit(let path, _), .mask(let path),
            .unmask(let path):
            return unitLocation { path.hasSuffix("/\($0)") || path.contains("/\($0).d/") }
        case .enable(let unit, _): return unitLocation { $0 == unit }
        case .run(_, let unit, _): return unitLocation(key: "command") { $0 == unit }
        case .setVariables, .takeBack, .reloadSystemd, .restartNetworkd, .note: return nil
        }
    }

    private func userLocation(_ name: String) -> SourceLocation? {
        root?.elements("users").last { $0.pair(["name"])?.value.asString == name }?.pair(["name"])?
            .valueLocation
    }

    private func unitLocation(key: String = "name", where isMeant: (String) -> Bool)
        -> SourceLocation?
    {
        let units = root?.value("coreos")?.elements("units") ?? []
        return units.last { $0.pair(["name"])?.value.asString.map(isMeant) ?? false }?.pair([key])?
            .valueLocation
    }
}
