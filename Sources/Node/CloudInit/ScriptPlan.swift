import Basics
import CloudConfig

extension SetupPlan {
    /// This plan, and after it a script as a service of its own, run by bash, whatever its first line says: so the
    /// original did it.
    package func running(script: [UInt8], workspace: String) -> SetupPlan {
        // The same script has the same name on every boot.
        let id = String(FNV1a.hash(script), radix: 16)
        let path = "\(NodePath.absolute(workspace))/scripts/\(id)"
        let unit = "coreos-cloudinit-\(id).service"
        let content = """
            [Unit]
            Description=The script this node was given as user-data

            [Service]
            ExecStart=/bin/bash \(path)

            """
        var plan = self
        plan.preparation.removeAll { $0 == .reloadSystemd }
        plan.preparation += [
            .writeFile(path: path, content: script, owner: nil, mode: 0o744),
            .writeFile(
                path: "\(NodePath.absolute(workspace))/scripts/unit-name",
                content: Array(unit.utf8),
                owner: nil,
                mode: 0o644,
            ),
            .writeUnit(path: "/run/systemd/system/\(unit)", content: content),
            .reloadSystemd,
        ]
        plan.commands.append(.run(.start, unit: unit, isOptional: false))
        return plan
    }
}
